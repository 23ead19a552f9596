// Planes and bases shown to be judged: the occlusal plane, the base a model would get.
import { BufferAttribute, BufferGeometry, DoubleSide, Group, Mesh, MeshBasicMaterial, Vector3 } from "three";
import type { App } from "./app.ts";
import { turnTowards } from "./camera.ts";
import { Layer } from "./layer.ts";
import { Lines, pathSegments } from "./lines.ts";
import { SharedMesh } from "./shared_meshes.ts";
import { SlotMesh } from "./slots.ts";
import { toothName } from "./teeth.ts";

export class Guides {
  confirmed: boolean | null = null;
  teeth: { place: Vector3; fdi: number }[] = [];
  private readonly plane = new Group();
  private readonly lines = new Lines({ colour: 0x1c7ed6, width: 2, hidden: 0.4 });
  private readonly material = new MeshBasicMaterial({ color: 0x1c7ed6, transparent: true, opacity: 0.12, side: DoubleSide, depthWrite: false });
  private base: Layer | null = null;

  constructor(private readonly app: App) {
    app.stage.decorations.add(this.plane);
    app.stage.before.push(() => { this.plane.visible = this.canConfirm || app.tools.active.id === "plane"; });
    this.plane.add(this.lines.group);
    app.overlay.painters.push((overlay) => {
      for (const { place, fdi } of this.teeth) {
        overlay.label(overlay.at(place), toothName(fdi, app.notation), "sts-label sts-tooth");
      }
    });
  }

  get canConfirm(): boolean {
    return this.confirmed === false;
  }

  showPlane(point: number[], normal: number[], confirmed: boolean): void {
    this.confirmed = confirmed;
    this.clearPlane();
    const turn = turnTowards(new Vector3(...normal), new Vector3(0, 1, 0));
    const size = this.app.stage.measure().getSize(new Vector3()).length() / 3.2;
    const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([x, y]) =>
      new Vector3(x * size, y * size, 0).applyQuaternion(turn).add(new Vector3(...point)));
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(new Float32Array(corners.flatMap((one) => one.toArray())), 3));
    geometry.setIndex([0, 1, 2, 0, 2, 3]);
    const face = new Mesh(geometry, this.material);
    face.renderOrder = 15;
    this.plane.add(face);
    this.material.color.set(confirmed ? 0x2b8a3e : 0x1c7ed6);
    this.lines.set(pathSegments(corners.map((one) => one.toArray()), true));
    this.app.stage.invalidate();
  }

  showBase(vertices: Float32Array, faces: Uint32Array): void {
    this.base?.close();
    this.base = null;
    if (faces.length) {
      this.base = new Layer("base", new SharedMesh(new SlotMesh(vertices, faces)), { title: "", editable: false });
      this.base.setOpacity(0.45);
      this.base.group.renderOrder = 10;
      this.app.stage.scene.add(this.base.group);
      this.app.stage.view.setBounds(this.app.stage.measure().union(this.base.box));
    }
    this.app.stage.invalidate();
  }

  clear(): void {
    this.confirmed = null;
    this.teeth = [];
    this.clearPlane();
    this.showBase(new Float32Array(0), new Uint32Array(0));
  }

  close(): void {
    this.clearPlane();
    this.base?.close();
    this.lines.close();
    this.material.dispose();
  }

  private clearPlane(): void {
    for (const child of [...this.plane.children]) {
      if (child instanceof Mesh) {
        child.geometry.dispose();
        child.removeFromParent();
      }
    }
    this.lines.set([]);
  }
}
