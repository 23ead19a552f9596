// How a surface is lit and coloured: one shader for every layer and overlay.
//
// Rules owned here:
// - Light stands at the camera's shoulder, so that turning the scan lets the light wander over
//   margins and fissures; cavity (see shades.ts) darkens valleys and lightens ridges.
// - The inside of an open scan is blue-grey, so a hole is seen as one.
// - A deviation runs from blue over stone to vermilion, as in the QA report.
import { DataTexture, DoubleSide, LinearFilter, RGBAFormat, ShaderMaterial, Vector3, Vector4 } from "three";

export const STONE = 0xdecdac;
export const INSIDE = 0xa9b4c4;
const DEVIATION_STOPS = [
  [12, 62, 158], [52, 128, 202], [152, 194, 226], [226, 222, 214], [246, 180, 122], [226, 102, 24], [158, 48, 0],
];

const VERTEX = `
attribute vec4 shade;
attribute vec4 tint;
attribute float amount;
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
}`;

const FRAGMENT = `
uniform vec3 surface;
uniform vec3 inside;
uniform float opacity;
uniform float usesTint;
uniform float usesAmount;
uniform vec2 amountRange;
uniform sampler2D amountColours;
uniform vec4 clip;
uniform float clips;
uniform float relief;
varying vec3 vNormal;
varying vec3 vPlace;
varying vec3 vTint;
varying float vCavity;
varying float vAmount;
void main() {
  if (clips > 0.5 && dot(clip.xyz, vPlace) > clip.w) discard;
  vec3 n = normalize(vNormal);
  bool front = gl_FrontFacing;
  if (!front) n = -n;
  vec3 colour = front ? mix(surface, vTint, usesTint) : inside;
  if (usesAmount > 0.5) {
    float place = clamp((vAmount - amountRange.x) / max(amountRange.y - amountRange.x, 1e-9), 0.0, 1.0);
    vec3 heat = vAmount == vAmount ? texture2D(amountColours, vec2(place, 0.5)).rgb : vec3(0.6);
    colour = front ? heat : mix(heat, inside, 0.5);
  }
  float key = max(dot(n, normalize(vec3(-0.42, 0.58, 0.70))), 0.0);
  float fill = 0.5 + 0.5 * dot(n, normalize(vec3(0.75, -0.25, 0.35)));
  float facing = clamp(n.z, 0.0, 1.0);
  float light = 0.26 + 0.60 * key + 0.17 * fill + 0.08 * facing;
  light *= 1.0 - 0.35 * pow(1.0 - facing, 3.0);
  float cavity = front ? vCavity : -vCavity;
  if (!front) light = max(light, 0.55);
  float valley = clamp(-cavity, 0.0, 1.0), ridge = clamp(cavity, 0.0, 1.0);
  light *= 1.0 - relief * (0.62 * valley * valley + 0.30 * valley) ;
  vec3 lit = colour * light;
  vec3 middle = normalize(normalize(vec3(-0.42, 0.58, 0.70)) + vec3(0.0, 0.0, 1.0));
  float gloss = pow(max(dot(n, middle), 0.0), 42.0) * (1.0 - 0.7 * usesAmount);
  lit += 0.20 * gloss + relief * 0.22 * ridge * ridge * colour;
  gl_FragColor = vec4(lit, opacity);
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
      usesAmount: { value: 0 },
      amountRange: { value: [0, 1] },
      amountColours: { value: amountColours() },
      clip: { value: new Vector4() },
      clips: { value: 0 },
      relief: { value: 1 },
    },
  });
}
