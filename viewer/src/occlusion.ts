// Screen-space occlusion: places that see little of the sky are darker. Off at first; it costs a
// second pass over the picture.
//
// Two places opposite each other count together: on a slope one is as much nearer as the other is
// farther, so that a smooth flank stays light and only fissures, margins and gaps darken.
//
// Layers are drawn into a texture with their depth; one triangle over the screen darkens them and
// hands the depth on, so that markers and lines are drawn over them as ever.
import {
  DepthTexture, Mesh, OrthographicCamera, PlaneGeometry, Scene, ShaderMaterial, UnsignedIntType, Vector2, WebGLRenderTarget,
} from "three";
import type { App } from "./app.ts";

const REACH_MM = 1.6;

const FRAGMENT = `
uniform sampler2D colours;
uniform sampler2D depths;
uniform vec2 size;
uniform vec2 range; // near, far
uniform float isPerspective;
uniform float pixels;
uniform float reach;
varying vec2 vAt;
float depthAt(vec2 at) {
  float depth = texture2D(depths, at).x;
  float perspective = range.x * range.y / (range.y - depth * (range.y - range.x));
  return mix(range.x + depth * (range.y - range.x), perspective, isPerspective);
}
float nearer(vec2 at, float here) {
  float by = here - depthAt(at);
  return by > 3.0 * reach ? 0.0 : clamp(by, -1.5 * reach, 1.5 * reach); // another jaw in front casts none
}
void main() {
  float raw = texture2D(depths, vAt).x;
  if (raw >= 1.0) discard;
  float here = depthAt(vAt);
  float turn = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715)))) * 6.2831853;
  float hidden = 0.0;
  for (int i = 0; i < 10; i++) {
    float part = (float(i) + 0.5) / 10.0;
    float angle = turn + float(i) * 2.39996323;
    vec2 away = vec2(cos(angle), sin(angle)) * part * pixels / size;
    float both = 0.5 * (nearer(vAt + away, here) + nearer(vAt - away, here));
    hidden += smoothstep(0.01, 0.4 * reach * part, both);
  }
  vec3 colour = texture2D(colours, vAt).rgb;
  gl_FragColor = vec4(colour * (1.0 - 0.8 * hidden / 10.0), 1.0);
  gl_FragDepth = raw;
}`;

export class Occlusion {
  isOn = false;
  private target: WebGLRenderTarget | null = null;
  private readonly screen = new Scene();
  private readonly camera = new OrthographicCamera(-1, 1, 1, -1, 0, 1);
  private readonly material = new ShaderMaterial({
    vertexShader: "varying vec2 vAt; void main() { vAt = uv; gl_Position = vec4(position.xy, 0.0, 1.0); }",
    fragmentShader: FRAGMENT,
    uniforms: {
      colours: { value: null }, depths: { value: null }, size: { value: new Vector2() }, range: { value: new Vector2() },
      isPerspective: { value: 0 }, pixels: { value: 10 }, reach: { value: REACH_MM },
    },
  });

  constructor(private readonly app: App) {
    const quad = new Mesh(new PlaneGeometry(2, 2), this.material);
    quad.frustumCulled = false;
    this.screen.add(quad);
  }

  toggle(): void {
    this.isOn = !this.isOn;
    this.app.stage.effect = this.isOn ? () => this.draw() : null;
    if (!this.isOn) this.free();
    this.app.stage.invalidate();
  }

  close(): void {
    this.free();
    this.material.dispose();
    (this.screen.children[0] as Mesh).geometry.dispose();
  }

  private draw(): void {
    const { stage } = this.app, { renderer, scene } = stage;
    const size = renderer.getDrawingBufferSize(new Vector2());
    if (!this.target || this.target.width !== size.x || this.target.height !== size.y) {
      this.free();
      this.target = new WebGLRenderTarget(size.x, size.y, { samples: 4 });
      this.target.depthTexture = new DepthTexture(size.x, size.y, UnsignedIntType);
    }
    const camera = stage.view.camera as OrthographicCamera, background = scene.background;
    const visible = [...stage.layers.values()].map((layer) => [layer, layer.group.visible] as const);
    scene.background = null;
    stage.decorations.visible = false;
    renderer.setRenderTarget(this.target);
    renderer.clear();
    renderer.render(scene, camera);
    renderer.setRenderTarget(null);
    const { uniforms } = this.material;
    uniforms.colours.value = this.target.texture;
    uniforms.depths.value = this.target.depthTexture;
    uniforms.size.value.copy(size);
    uniforms.range.value.set(camera.near, camera.far);
    uniforms.isPerspective.value = stage.view.perspective ? 1 : 0;
    uniforms.pixels.value = Math.min(60, Math.max(4, (REACH_MM / stage.view.mmPerPixel) * renderer.getPixelRatio()));
    // The sky first, then what lies before it, then markers and lines.
    this.screen.background = background;
    renderer.clear();
    renderer.render(this.screen, this.camera);
    this.screen.background = null;
    for (const [layer] of visible) layer.group.visible = false;
    stage.decorations.visible = true;
    renderer.render(scene, camera);
    for (const [layer, was] of visible) layer.group.visible = was;
    scene.background = background;
  }

  /** Let go of what is drawn into: it is of no use once the graphics card was reset. */
  free(): void {
    this.target?.depthTexture?.dispose();
    this.target?.dispose();
    this.target = null;
  }
}
