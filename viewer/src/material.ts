// How a surface is lit and coloured: one shader for every layer and overlay.
//
// Rules owned here:
// - Light stands at the camera's shoulder, so that turning the scan lets the light wander over
//   margins and fissures; cavity (see shades.ts) darkens valleys and lightens ridges.
// - The inside of an open scan is blue-grey, so a hole is seen as one.
// - A deviation runs from blue over stone to vermilion, as in the QA report.
import { DataTexture, DoubleSide, LinearFilter, RGBAFormat, ShaderMaterial, Vector3, Vector4 } from "three";

export const STONE = 0xdecdac;
/** Of one layer after the other, so that two jaws in occlusion are told apart. */
export const LAYER_COLOURS = [STONE, 0xbfd2b4, 0xd8c3dc, 0xb4cdd8];
export const INSIDE = 0xa9b4c4;
const DEVIATION_STOPS = [
  [12, 62, 158], [52, 128, 202], [152, 194, 226], [226, 222, 214], [246, 180, 122], [226, 102, 24], [158, 48, 0],
];

const VERTEX = `
attribute vec4 shade;
attribute vec4 tint;
attribute float amount;
uniform float isLine;
varying vec3 vNormal;
varying vec3 vPlace;
varying vec3 vTint;
varying float vCavity;
varying float vAmount;
void main() {
  vec4 seen = modelViewMatrix * vec4(position, 1.0);
  vNormal = normalMatrix * shade.xyz;
  vCavity = shade.w;
  vTint = tint.rgb;
  vAmount = amount;
  vPlace = position;
  gl_Position = projectionMatrix * seen;
  gl_Position.z -= isLine * 4e-4 * gl_Position.w; // a polygon's offset does not move lines
}`;

const FRAGMENT = `
uniform vec3 surface;
uniform vec3 inside;
uniform float opacity;
uniform float usesTint;
uniform vec2 amountRange;
uniform sampler2D amountColours;
uniform vec4 clip;
uniform float clips;
uniform float relief;
uniform float isLine;
varying vec3 vNormal;
varying vec3 vPlace;
varying vec3 vTint;
varying float vCavity;
varying float vAmount;
const vec3 KEY = vec3(-0.4196, 0.5795, 0.6994);
const vec3 FILL = vec3(0.8672, -0.2891, 0.4047);
const vec3 BETWEEN = vec3(-0.2277, 0.3145, 0.9219); // of the key light and the eye
void main() {
  if (clips > 0.5 && dot(clip.xyz, vPlace) > clip.w) discard;
  if (isLine > 0.5) { // lines: one colour, no light
    gl_FragColor = vec4(surface, opacity);
    return;
  }
  bool front = gl_FrontFacing;
  vec3 n = normalize(front ? vNormal : -vNormal);
  vec3 colour = front ? mix(surface, vTint, usesTint) : inside;
#ifdef WITH_AMOUNT
  float place = clamp((vAmount - amountRange.x) / max(amountRange.y - amountRange.x, 1e-9), 0.0, 1.0);
  vec3 heat = vAmount == vAmount ? texture2D(amountColours, vec2(place, 0.5)).rgb : vec3(0.6);
  colour = front ? heat : mix(heat, inside, 0.5);
#endif
  float facing = clamp(n.z, 0.0, 1.0), edge = 1.0 - facing;
  float light = 0.41 + 0.54 * max(dot(n, KEY), 0.0) + 0.10 * dot(n, FILL) + 0.08 * facing;
  light *= 1.0 - 0.28 * edge * edge * edge;
  float cavity = front ? vCavity : -vCavity;
  if (!front) light = max(light, 0.72);
  float valley = clamp(-cavity, 0.0, 1.0), ridge = clamp(cavity, 0.0, 1.0);
  light *= 1.0 - relief * valley * (0.55 * valley + 0.42);
  light += relief * 0.22 * ridge * ridge;
  float gloss = max(dot(n, BETWEEN), 0.0);
  gloss *= gloss; gloss *= gloss; gloss *= gloss; gloss *= gloss; gloss *= gloss;
#ifdef WITH_AMOUNT
  gloss *= 0.3;
#endif
  gl_FragColor = vec4(colour * light + 0.20 * gloss, opacity);
}`;

let scale: DataTexture | null = null;

function amountColours(): DataTexture {
  if (scale) return scale;
  const width = 256, data = new Uint8Array(4 * width);
  for (let i = 0; i < width; i++) data.set([...deviationColour(i / (width - 1)), 255], 4 * i);
  scale = new DataTexture(data, width, 1, RGBAFormat);
  scale.minFilter = scale.magFilter = LinearFilter;
  scale.needsUpdate = true;
  return scale;
}

/** Colour of a part of the deviation scale, 0 to 1. */
export function deviationColour(part: number): [number, number, number] {
  const at = Math.min(1, Math.max(0, part)) * (DEVIATION_STOPS.length - 1);
  const low = Math.min(DEVIATION_STOPS.length - 2, Math.floor(at)), mix = at - low;
  return [0, 1, 2].map((k) =>
    Math.round(DEVIATION_STOPS[low][k] * (1 - mix) + DEVIATION_STOPS[low + 1][k] * mix),
  ) as [number, number, number];
}

export function plainColour(hex: number): Vector3 {
  return new Vector3((hex >> 16) / 255, ((hex >> 8) & 255) / 255, (hex & 255) / 255);
}

/** Switch the colour map of a material on or off. */
export function useAmounts(material: ShaderMaterial, used: boolean): void {
  if (Boolean(material.defines.WITH_AMOUNT) === used) return;
  if (used) material.defines.WITH_AMOUNT = 1;
  else delete material.defines.WITH_AMOUNT;
  material.needsUpdate = true;
}

export interface Look {
  colour?: number;
  inside?: number;
  opacity?: number;
  inFront?: number; // steps towards the viewer, for overlays on the same faces
}

export function surfaceMaterial({ colour = STONE, inside = INSIDE, opacity = 1, inFront = 0 }: Look = {}): ShaderMaterial {
  return new ShaderMaterial({
    vertexShader: VERTEX,
    fragmentShader: FRAGMENT,
    defines: {},
    side: DoubleSide,
    transparent: opacity < 1,
    depthWrite: opacity >= 1 && inFront === 0,
    polygonOffset: inFront !== 0,
    polygonOffsetFactor: -inFront,
    polygonOffsetUnits: -2 * inFront,
    uniforms: {
      surface: { value: plainColour(colour) },
      inside: { value: plainColour(inside) },
      opacity: { value: opacity },
      usesTint: { value: 0 },
      amountRange: { value: [0, 1] },
      amountColours: { value: amountColours() },
      clip: { value: new Vector4() },
      clips: { value: 0 },
      relief: { value: 1 },
      isLine: { value: 0 },
    },
  });
}
