// The canvas: renderer, scene, camera, layers; draws only when something changed.
//
// Rules owned here:
// - One WebGL context per viewer, given back on close; a lost context is waited for and everything
//   is uploaded again by three.js from the arrays the layers hold.
// - `invalidate` asks for one frame; there is no loop, and a frame drawn meanwhile is that one: without
//   a graphics card one of 200,000 faces takes a tenth of a second.
// - The shader of surfaces is made while the first mesh is on its way.
import { Box3, Color, Group, Ray, Raycaster, Scene, Vector2, Vector3, Vector4, WebGLRenderer } from "three";
import { OrbitCamera } from "./camera.ts";
import type { Layer } from "./layer.ts";
import type { Hit } from "./picking.ts";
import { uploadInParts } from "./uploads.ts";

let software: boolean | null = null;

/** True without a graphics card: then smooth edges cost 2.5 times the frame (802 to 312 ms CPU). */
function drawsInSoftware(): boolean {
  if (software === null) {
    const probe = document.createElement("canvas").getContext("webgl2");
    const details = probe?.getExtension("WEBGL_debug_renderer_info");
    const name = probe && details ? String(probe.getParameter(details.UNMASKED_RENDERER_WEBGL)) : "";
    software = /swiftshader|llvmpipe|software|basic render/i.test(name);
    probe?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return software;
}

export interface Picked extends Hit {
  layer: Layer;
}

export class Stage {
  readonly renderer: WebGLRenderer;
  readonly canvas: HTMLCanvasElement;
  readonly scene = new Scene();
  readonly decorations = new Group(); // markers, loops, planes: never picked
  readonly layers = new Map<string, Layer>();
  readonly view: OrbitCamera;
  readonly clip = new Vector4(); // normal and offset: what lies beyond is not drawn
  clips = false;
  width = 1;
  height = 1;
  frames = 0;
  isLost = false;
  /** Called before and after each drawing: overlays in HTML follow the camera. */
  readonly before: (() => void)[] = [];
  readonly after: (() => void)[] = [];
  /** Draws the picture in another way, such as before and after; null for the plain way. */
  draws: (() => void) | null = null;
  /** Draws the scene through an effect. */
  effect: (() => void) | null = null;
  private frame = 0;
  private warm: Layer | null = null;
  private isClosed = false;
  private readonly caster = new Raycaster();

  constructor(private readonly onContext: (lost: boolean) => void) {
    const isSoftware = drawsInSoftware();
    this.renderer = new WebGLRenderer({ antialias: !isSoftware, powerPreference: "high-performance" });
    this.renderer.setPixelRatio(isSoftware ? 1 : Math.min(globalThis.devicePixelRatio || 1, 2));
    uploadInParts(this.renderer.getContext() as WebGL2RenderingContext);
    this.renderer.autoClear = false;
    this.renderer.debug.checkShaderErrors = false; // asking would wait for them
    this.canvas = this.renderer.domElement;
    this.canvas.className = "sts-canvas";
    this.view = new OrbitCamera(() => this.invalidate());
    this.scene.add(this.decorations);
    this.canvas.addEventListener("webglcontextlost", this.lost);
    this.canvas.addEventListener("webglcontextrestored", this.restored);
  }

  setBackground(colour: string): void {
    this.scene.background = new Color(colour);
    this.invalidate();
  }

  /** Take another size; true where it is one, and the canvas is empty until it is drawn again. */
  resize(width: number, height: number): boolean {
    if (!width || !height || this.isClosed || (width === this.width && height === this.height)) return false;
    this.width = width;
    this.height = height;
    this.renderer.setSize(width, height, false);
    this.view.resize(width, height);
    return true;
  }

  /** Draw one face, so that the first mesh finds its shader ready. */
  warmUp(layer: Layer): void {
    this.scene.add(layer.group);
    this.view.update();
    this.render();
    layer.group.removeFromParent();
    this.warm = layer;
  }

  addLayer(layer: Layer): void {
    this.layers.get(layer.name)?.close();
    this.layers.set(layer.name, layer);
    this.scene.add(layer.group);
    this.measure();
  }

  removeLayer(name: string): void {
    this.layers.get(name)?.close();
    this.layers.delete(name);
    this.measure();
    this.invalidate();
  }

  /** The box around what is shown; it bounds the camera's near and far. */
  measure(): Box3 {
    const box = new Box3();
    for (const layer of this.layers.values()) if (layer.group.visible) box.union(layer.box);
    this.view.setBounds(box);
    return box;
  }

  invalidate(): void {
    if (this.frame || this.isClosed) return;
    this.frame = requestAnimationFrame((now) => {
      this.frame = 0;
      this.draw(now);
    });
  }

  draw(now = 0): void {
    if (this.isLost || this.isClosed) return;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.view.update(now);
    for (const layer of this.layers.values()) {
      layer.forMaterials((material) => {
        material.uniforms.clip.value = this.clip;
        material.uniforms.clips.value = this.clips ? 1 : 0;
      });
    }
    for (const work of this.before) work();
    if (this.draws) this.draws();
    else if (this.effect) this.effect();
    else this.render();
    this.frames++;
    for (const work of this.after) work();
    if (this.layers.size) this.coolDown(); // the shader has another user now
  }

  render(): void {
    this.renderer.clear();
    this.renderer.render(this.scene, this.view.camera);
  }

  /** A ray through a place of the canvas, in pixels from its upper left. */
  ray(x: number, y: number): Ray {
    this.view.update();
    const at = new Vector2((2 * x) / this.width - 1, 1 - (2 * y) / this.height);
    this.caster.setFromCamera(at, this.view.camera);
    return this.caster.ray;
  }

  /** The nearest face shown at a place of the canvas. */
  pick(x: number, y: number, only?: Layer): Picked | null {
    const ray = this.ray(x, y);
    let best: Picked | null = null;
    for (const layer of this.layers.values()) {
      if (!layer.group.visible || (only && layer !== only)) continue;
      const hit = this.clips ? layer.picking.all(ray).find((one) => this.isKept(one.place)) : layer.picking.first(ray);
      if (hit && (!best || hit.distance < best.distance)) best = { ...hit, layer };
    }
    return best;
  }

  isKept(place: Vector3): boolean {
    return !this.clips || place.x * this.clip.x + place.y * this.clip.y + place.z * this.clip.z <= this.clip.w;
  }

  /** Where a place is on the canvas, in pixels; z in [-1, 1] where it lies in front of the camera. */
  project(place: Vector3): Vector3 {
    const seen = place.clone().project(this.view.camera);
    return new Vector3(((seen.x + 1) / 2) * this.width, ((1 - seen.y) / 2) * this.height, seen.z);
  }

  /** True where the surface does not hide the place; `slack` in mm. */
  isVisible(place: Vector3, slack = 0.15): boolean {
    const at = this.project(place);
    const hit = this.pick(at.x, at.y);
    if (!hit) return true;
    const toward = this.view.axis(0, 0, 1);
    return place.clone().sub(hit.place).dot(toward) > -slack;
  }

  close(): void {
    this.isClosed = true;
    cancelAnimationFrame(this.frame);
    this.canvas.removeEventListener("webglcontextlost", this.lost);
    this.canvas.removeEventListener("webglcontextrestored", this.restored);
    for (const layer of this.layers.values()) layer.close();
    this.layers.clear();
    this.coolDown();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
    this.canvas.remove();
  }

  private coolDown(): void {
    this.warm?.close();
    this.warm = null;
  }

  private readonly lost = (event: Event) => {
    event.preventDefault(); // or it is never restored
    this.isLost = true;
    this.onContext(true);
  };

  private readonly restored = () => {
    this.isLost = false;
    this.onContext(false);
    this.invalidate();
  };
}
