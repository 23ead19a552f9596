// Before and after, with a slider between them: left of it the mesh as it came.
//
// Python has the mesh as it came; the page holds it only while the slider is on.
import type { App } from "./app.ts";
import { Layer } from "./layer.ts";
import { SharedMesh } from "./shared_meshes.ts";
import { SlotMesh } from "./slots.ts";

export class Compare {
  isOn = false;
  part = 0.5;
  private readonly known = new Set<string>(); // layers Python can send as they came
  private readonly meshes = new Map<string, Layer>();
  private readonly handle = document.createElement("div");

  constructor(private readonly app: App) {
    this.handle.className = "sts-split";
    this.handle.tabIndex = -1;
    this.handle.addEventListener("pointerdown", (event) => {
      this.handle.setPointerCapture(event.pointerId);
      event.stopPropagation();
    });
    this.handle.addEventListener("pointermove", (event) => {
      if (!event.buttons) return;
      const box = app.stage.canvas.getBoundingClientRect();
      this.move((event.clientX - box.left) / box.width - this.part);
    });
  }

  get canShow(): boolean {
    return this.known.size > 0;
  }

  /** Python can send the layer as it came. */
  know(layer: string): void {
    this.free(layer);
    this.known.add(layer);
    if (this.isOn) this.ask(layer);
  }

  set(layer: string, vertices: Float32Array, faces: Uint32Array): void {
    this.free(layer);
    if (!this.isOn || !faces.length) return; // switched off again before it came
    this.meshes.set(layer, new Layer(`${layer} before`, new SharedMesh(new SlotMesh(vertices, faces)), { title: "", editable: false }));
  }

  drop(layer: string): void {
    this.free(layer);
    this.known.delete(layer);
    if (!this.canShow && this.isOn) this.toggle();
  }

  toggle(): void {
    this.isOn = !this.isOn && this.canShow;
    this.app.stage.draws = this.isOn ? () => this.draw() : null;
    for (const layer of this.known) {
      if (this.isOn) this.ask(layer);
      else this.free(layer);
    }
    if (this.isOn) {
      this.app.chrome.canvasBox.append(this.handle);
      this.handle.dataset.before = this.app.words("before");
      this.handle.dataset.after = this.app.words("after");
      this.move(0);
    } else {
      this.handle.remove();
    }
    this.app.stage.invalidate();
  }

  move(by: number): void {
    this.part = Math.min(0.98, Math.max(0.02, this.part + by));
    this.handle.style.left = `${100 * this.part}%`;
    this.app.stage.invalidate();
  }

  close(): void {
    this.isOn = false;
    for (const layer of this.meshes.values()) layer.close();
    this.meshes.clear();
    this.handle.remove();
  }

  private ask(layer: string): void {
    this.app.send({ type: "before", layer });
  }

  private free(layer: string): void {
    this.meshes.get(layer)?.close();
    this.meshes.delete(layer);
  }

  private draw(): void {
    const { stage } = this.app, { renderer, scene } = stage, split = Math.round(stage.width * this.part);
    const swapped = [...stage.layers.values()].filter((layer) => layer.group.visible);
    renderer.setScissorTest(true);
    renderer.setScissor(split, 0, stage.width - split, stage.height);
    stage.render();
    for (const layer of swapped) {
      const old = this.meshes.get(layer.name);
      if (!old) continue;
      layer.group.visible = false;
      old.forMaterials((material) => {
        material.uniforms.clip.value = stage.clip;
        material.uniforms.clips.value = stage.clips ? 1 : 0;
      });
      scene.add(old.group);
    }
    renderer.setScissor(0, 0, split, stage.height);
    stage.render();
    for (const layer of swapped) layer.group.visible = true;
    for (const old of this.meshes.values()) old.group.removeFromParent();
    renderer.setScissorTest(false);
  }
}
