// The camera: where from, how far, parallel or perspective; orbit, pan, zoom and fly.
//
// Rules owned here:
// - Orientation is free (no fixed up axis): scans lie in any axes.
// - Zoom keeps the place under the pointer; both projections show the same height at the target.
// - A flight takes 220 ms and is the only thing that draws without being asked twice.
import { Box3, Matrix4, OrthographicCamera, PerspectiveCamera, Quaternion, Vector3, type Camera } from "three";

const FIELD_OF_VIEW = 30; // degrees
const FLIGHT_MS = 220;
const CLOSEST_MM = 0.2;

export interface Frame {
  occlusal: Vector3; // out of the bite, towards the reader in the occlusal view
  frontal: Vector3; // out of the mouth
  upper: boolean;
}

export type ViewName = "occlusal" | "frontal" | "right" | "left" | "lingual";
export const VIEW_NAMES: ViewName[] = ["occlusal", "frontal", "right", "left", "lingual"];

const LINGUAL_RISE = 0.62; // as the QA pictures: over the front teeth, onto their backs

export interface Place {
  target: Vector3;
  turn: Quaternion;
  height: number; // mm of the scene between the lower and upper edge of the picture
}

/** Towards the viewer and up, of a record view; the patient's right is at the left in front. */
export function directionsOf(name: ViewName, frame: Frame): { toward: Vector3; up: Vector3 } {
  const out = frame.occlusal.clone().normalize();
  const front = frame.frontal.clone().addScaledVector(out, -frame.frontal.dot(out)).normalize();
  const superior = frame.upper ? out.clone().negate() : out.clone();
  const back = front.clone().negate();
  const left = back.clone().cross(superior);
  switch (name) {
    case "occlusal": return { toward: out, up: frame.upper ? front : back };
    case "frontal": return { toward: front, up: superior };
    case "right": return { toward: left.negate(), up: superior };
    case "left": return { toward: left, up: superior };
    case "lingual": return { toward: back.addScaledVector(out, LINGUAL_RISE).normalize(), up: superior };
  }
}

export function turnTowards(toward: Vector3, up: Vector3): Quaternion {
  const z = toward.clone().normalize();
  const x = up.clone().cross(z);
  if (x.lengthSq() < 1e-8) x.set(1, 0, 0).addScaledVector(z, -z.x);
  x.normalize();
  const y = z.clone().cross(x);
  return new Quaternion().setFromRotationMatrix(new Matrix4().makeBasis(x, y, z));
}

export class OrbitCamera {
  readonly place: Place = { target: new Vector3(), turn: new Quaternion(), height: 80 };
  frame: Frame = { occlusal: new Vector3(0, 0, 1), frontal: new Vector3(0, -1, 0), upper: false };
  perspective = false;
  width = 1;
  pixels = 1; // height of the picture
  isMoved = false; // somebody has looked elsewhere than where the page had put the camera
  private box = new Box3(new Vector3(-40, -40, -40), new Vector3(40, 40, 40));
  private readonly parallel = new OrthographicCamera();
  private readonly pinhole = new PerspectiveCamera(FIELD_OF_VIEW);
  private flight: { from: Place; to: Place; start: number } | null = null;

  constructor(private readonly changed: () => void) {}

  get camera(): Camera {
    return this.perspective ? this.pinhole : this.parallel;
  }

  get mmPerPixel(): number {
    return this.place.height / this.pixels;
  }

  get distance(): number {
    return this.place.height / 2 / Math.tan((FIELD_OF_VIEW * Math.PI) / 360);
  }

  axis(x: number, y: number, z: number): Vector3 {
    return new Vector3(x, y, z).applyQuaternion(this.place.turn);
  }

  resize(width: number, height: number): void {
    this.width = width;
    this.pixels = Math.max(1, height);
  }

  setBounds(box: Box3): void {
    if (!box.isEmpty()) this.box.copy(box);
  }

  /** Bring the cameras of the scene up to date; called before each drawing and each ray. */
  update(now = 0): void {
    if (this.flight) this.fly(now);
    const { target, turn, height } = this.place;
    const reach = this.box.getSize(new Vector3()).length() + this.box.getCenter(new Vector3()).distanceTo(target);
    const aspect = this.width / this.pixels;
    const far = this.perspective ? this.distance : reach + 10;
    for (const camera of [this.parallel, this.pinhole]) {
      camera.quaternion.copy(turn);
      camera.position.copy(target).addScaledVector(this.axis(0, 0, 1), camera === this.pinhole ? this.distance : far);
    }
    Object.assign(this.parallel, {
      left: (-height * aspect) / 2, right: (height * aspect) / 2, top: height / 2, bottom: -height / 2,
      near: 0.1, far: far + reach + 10,
    });
    Object.assign(this.pinhole, {
      aspect, near: Math.max(this.distance - reach, this.distance * 0.02), far: this.distance + reach,
    });
    for (const camera of [this.parallel, this.pinhole]) {
      camera.updateProjectionMatrix();
      camera.updateMatrixWorld();
    }
  }

  orbit(dx: number, dy: number): void {
    const speed = Math.PI / Math.max(300, Math.min(this.width, this.pixels));
    const turn = this.place.turn;
    turn.multiply(new Quaternion().setFromAxisAngle(new Vector3(0, 1, 0), -dx * speed));
    turn.multiply(new Quaternion().setFromAxisAngle(new Vector3(1, 0, 0), -dy * speed)).normalize();
    this.settle();
  }

  pan(dx: number, dy: number): void {
    this.place.target.addScaledVector(this.axis(1, 0, 0), -dx * this.mmPerPixel);
    this.place.target.addScaledVector(this.axis(0, 1, 0), dy * this.mmPerPixel);
    this.settle();
  }

  /** Zoom by a factor; (x, y) in pixels from the upper left keeps its place. */
  zoom(factor: number, x = this.width / 2, y = this.pixels / 2): void {
    const before = this.mmPerPixel;
    const largest = 6 * this.box.getSize(new Vector3()).length() + 50;
    this.place.height = Math.min(largest, Math.max(CLOSEST_MM, this.place.height * factor));
    const shift = before - this.mmPerPixel;
    this.place.target.addScaledVector(this.axis(1, 0, 0), (x - this.width / 2) * shift);
    this.place.target.addScaledVector(this.axis(0, 1, 0), -(y - this.pixels / 2) * shift);
    this.settle();
  }

  /** Turn around this place from now on, without moving the picture's middle from it abruptly. */
  lookAt(place: Vector3, height?: number): void {
    this.flyTo({ target: place.clone(), turn: this.place.turn.clone(), height: height ?? this.place.height });
  }

  showView(name: ViewName): void {
    const { toward, up } = directionsOf(name, this.frame);
    this.flyTo(this.fitted(turnTowards(toward, up)));
  }

  fit(): void {
    this.flyTo(this.fitted(this.place.turn.clone()));
  }

  /** Go there at once, without a flight. */
  jump(place: Place): void {
    this.flight = null;
    this.place.target.copy(place.target);
    this.place.turn.copy(place.turn);
    this.place.height = place.height;
    this.changed();
  }

  /** The place from which everything is seen at this turn. */
  fitted(turn: Quaternion): Place {
    const inverse = turn.clone().invert(), { min, max } = this.box, centre = this.box.getCenter(new Vector3());
    const aspect = this.width / this.pixels, slope = Math.tan((FIELD_OF_VIEW * Math.PI) / 360);
    let height = 1;
    for (let corner = 0; corner < 8; corner++) {
      const seen = new Vector3(corner & 1 ? max.x : min.x, corner & 2 ? max.y : min.y, corner & 4 ? max.z : min.z)
        .sub(centre).applyQuaternion(inverse);
      const half = Math.max(Math.abs(seen.y), Math.abs(seen.x) / aspect);
      // A corner nearer to a pinhole than the target looks larger by as much.
      height = Math.max(height, 2 * (this.perspective ? half + seen.z * slope : half));
    }
    return { target: centre, turn, height: 1.06 * height };
  }

  flyTo(to: Place): void {
    this.isMoved = true;
    this.flight = { from: clonePlace(this.place), to, start: 0 };
    this.changed();
  }

  /** Be there at once. */
  finishFlight(): void {
    if (this.flight) this.jump(this.flight.to);
  }

  private fly(now: number): void {
    const flight = this.flight!;
    flight.start ||= now;
    const part = now ? Math.min(1, (now - flight.start) / FLIGHT_MS) : 0;
    const eased = part * part * (3 - 2 * part);
    this.place.target.lerpVectors(flight.from.target, flight.to.target, eased);
    this.place.turn.slerpQuaternions(flight.from.turn, flight.to.turn, eased);
    this.place.height = Math.exp(
      Math.log(flight.from.height) * (1 - eased) + Math.log(flight.to.height) * eased,
    );
    if (part >= 1) this.flight = null;
    this.changed();
  }

  private settle(): void {
    this.isMoved = true;
    this.flight = null;
    this.changed();
  }
}

function clonePlace(place: Place): Place {
  return { target: place.target.clone(), turn: place.turn.clone(), height: place.height };
}
