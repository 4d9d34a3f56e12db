// What the page's scripts speak of: what the API answers (held to the answers themselves by `tests/web/test_types.py`),
// and what the form is made of.

/** A setting's value as JSON has it. Lists and mappings are values as a whole. */
type Value = null | boolean | number | string | Value[] | { [name: string]: Value };
/** Settings by their flat names, such as `tracking.lost_after_s` or `profiles[gate].tls.pin`. */
type Flat = Record<string, Value>;

/** What a person may do: each role all that those before it may. */
type Role = "viewer" | "operator" | "admin";
interface Session {
  set_up: boolean;
  signed_in: boolean;
  csrf: string | null;
  name: string | null;
  role: Role | null;
}
interface Person { name: string; role: Role; you: boolean }
interface SettingsState {
  version: number;
  profiles: string[];
  settings: Flat;
  secrets: string[];
  locked: string[];
  factory: Flat;
  notice: string;
}
interface Schema {
  type?: "string" | "integer" | "number" | "boolean" | "array" | "object" | "null";
  enum?: (string | number)[];
  examples?: Value[];
  anyOf?: Schema[];
  items?: Schema;
  prefixItems?: Schema[];
  properties?: Record<string, Schema>;
  default?: Value;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  /** A secret: written, never read back. */
  writeOnly?: boolean;
  /** The script's alone: never on the page. */
  readOnly?: boolean;
  /** Of a profile's field: the protocols that have it; all of them when this is absent. */
  protocols?: string[];
}
/** Schemas by flat name, with `profiles[]` for any profile. */
interface Catalogue { schemas: Record<string, Schema> }
/** Beside an English text of the camera's: what it is known by, and what stands in it; such a text itself at times. */
interface Said { code?: string; values?: Record<string, string | number | { text: string } & Said> }
interface WrongField extends Said { field: string; want: string }
interface Outlook { profile: string; would_send: number; of: number; kept_back: Record<string, number>; names: string[] }
interface Checked { fields: WrongField[]; profiles: Outlook[] }

interface ProfileStatus extends Said {
  key: string;
  name: string;
  state: string;
  why: string;
  alarm: boolean;
  queue_events: number;
  queue_bytes: number;
  oldest_age_s: number;
  /** 0 where nothing waits for another try. */
  next_try_s: number;
  delivered: number;
  retried: number;
  parked: number;
  parked_now: number;
  expired: number;
  dropped: Record<string, number>;
  kept_back: Record<string, number>;
  latency_p50_ms: number;
  latency_p95_ms: number;
  latency_p99_ms: number;
}
interface OutboxStatus { trouble: string; durable: boolean; not_yet_durable: number; lost_events: number; damage: string }
interface StreamStatus { silent_s: number; clock_synced: boolean | null }
interface SourceTrouble { kind: string; what: string; remedy: string; detail: string }
interface SourceStatus {
  address: string;
  state: string;
  width: number;
  height: number;
  codec: string;
  rate_fps: number;
  pictures: number;
  skipped_frames: number;
  damaged_frames: number;
  reconnects: number;
  camera_clock_offset_ms: number | null;
  trouble: SourceTrouble | null;
}
interface KeepaliveStatus { sent: number; last_utc_ns: number; took_ms: number; failed: number; why: string; next_s: number }
interface Alarm { code: string; values: AlarmValues; said: { why?: Said; remedy?: Said }; where: string }
interface AlarmValues {
  profile?: string;
  name?: string;
  n?: number;
  s?: number;
  why?: string;
  kind?: string;
  remedy?: string;
  formats?: string[];
}
interface InputTrouble { kind: string; count: number; what: string; why: string; remedy: string }
interface Status {
  now: number;
  frames: number;
  events: Record<string, number>;
  input_troubles: InputTrouble[];
  stream: StreamStatus | null;
  outbox: OutboxStatus | null;
  keepalive: KeepaliveStatus | null;
  source: SourceStatus | null;
  alarms: Alarm[];
  profiles: ProfileStatus[];
}
interface Sample { at: number; profiles: Record<string, Partial<ProfileStatus>> }

interface Picture { key: string; kind: string; width: number; height: number }
interface Went extends Said { profile: string; outcome: string; tries: number; why: string }
interface VehicleEvent {
  id: string;
  kind: string;
  car: number;
  at: number;
  text: string;
  confidence: number;
  country: string;
  direction: string;
  roi: number;
  changed: string[];
  /** The plate before an Update of it; empty for any other event. */
  previous: string;
  candidates: { text: string; confidence: number }[];
  reliable_by: string;
  final: boolean | null;
  first: number;
  last: number | null;
  clock_synced: boolean | null;
  repeats: { profile: string; count: number }[];
  vehicle: string;
  images: Picture[];
  missing: { kind: string; why: string }[];
  image_text: string;
  image_at: number | null;
  list: string;
  list_mode: string;
  list_note: string;
  list_meant: string;
  went: Went[];
}
/** One that the camera remembers; `images` are those that are still there. */
type FoundEvent = Omit<VehicleEvent, "went"> & Remembered;
interface Remembered { seq: number; time: string; exact: boolean; states: string[] }
interface Found { events: FoundEvent[]; cursor: string; from: string; to: string }
interface Memory { events: number; bytes: number; bound: string; texts_since: string; pictures_since: string }
interface Erased { events: number; pictures: number; waiting: Record<string, number> }
interface Try extends Said {
  profile: string;
  at: number;
  event: string;
  /** Empty where the event is remembered no longer. */
  plate: string;
  kind: string;
  packet: number;
  number: number;
  outcome: string;
  why: string;
  words: string;
  took_ms: number;
  size_bytes: number;
  serial: number;
  /** Whether its bytes can be shown. */
  kept: boolean;
}
interface Bytes { request: string; answer: string }
/** An event, how each delivery of it stands, and the tries that are known. */
interface KnownEvent { event: FoundEvent; stands: { profile: string; state: string }[]; tries: Try[] }
interface ParkedEvent extends Said {
  profile: string;
  seq: number;
  event: string;
  plate: string;
  kind: string;
  packet: number;
  attempts: number;
  why: string;
  words: string;
  at: number;
}
/** A step of Test, as it begins and as it ends. */
interface Step extends Said {
  name: string;
  state: string;
  took_ms: number;
  detail: string;
  remedy: string;
  remedy_code: string;
  words: string;
  sent: string;
  picture: string;
}
interface Certificate { set: boolean; in_use: boolean; sha256: string }
interface Token { id: string; name: string; scopes: string[]; made: number }
interface AuditLine {
  at: number;
  who: string;
  from: string;
  kind: string;
  what: string;
  fields: string[];
  plate: string;
  outcome: string;
}
interface Version { version: number; at: number; who: string; changed: string[] }
type PlateList = { name: string; mode: string; one_off: boolean; entries: { pattern: string; description: string }[] };
type Region = { roi_id: number; polygon: Point[]; arrow: [Point, Point] };
type Point = [number, number];
/** What becomes of a region when one of its points is moved there. */
type Move = (to: Point) => (region: Region) => Partial<Region>;

/** What the API answers, by method and path. */
interface Answers {
  "GET /api/session": Session;
  "POST /api/session": Session;
  "POST /api/setup": Session;
  "PUT /api/password": Session;
  "GET /api/settings": SettingsState;
  "PATCH /api/settings": SettingsState;
  "GET /api/catalogue": Catalogue;
  "POST /api/check": Checked;
  "GET /api/history": Version[];
  [restore: `POST /api/history/${number}/restore`]: SettingsState;
  [events: `GET /api/events?${string}`]: Found;
  [event: `GET /api/event/${string}`]: KnownEvent;
  [bytes: `GET /api/journal/${string}`]: Bytes;
  "POST /api/erase": Erased;
  "GET /api/memory": Memory;
  "GET /api/samples": Sample[];
  [journal: `GET /api/journal?${string}`]: Try[];
  "GET /api/parked": ParkedEvent[];
  "GET /api/people": Person[];
  "POST /api/people": Person;
  [person: `PATCH /api/people/${string}`]: Person;
  "GET /api/certificate": Certificate;
  "GET /api/tokens": Token[];
  "POST /api/tokens": Token & { secret: string };
  [audit: `GET /api/audit?${string}`]: AuditLine[];
  [resume: `POST /api/profiles/${string}/resume`]: { profile: string };
  [give: `POST /api/profiles/${string}/give`]: { events: number };
  [parked: `${"POST" | "DELETE"} /api/profiles/${string}/parked${string}`]: { events: number };
}

/** What `h` makes of "div.row". */
type Tag<W extends string> = W extends `${infer T}.${string}` ? T : W;
type ElementOf<W extends string> = Tag<W> extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[Tag<W>] : never;
type Props =
  & { [E in keyof HTMLElementEventMap as `on${E}`]?: (event: HTMLElementEventMap[E]) => unknown }
  & { [name: string]: unknown };
type Child = Node | string | number | false | null | undefined | Child[];

/** Status and events as they come. */
interface Live {
  status: Status | null;
  events: Map<string, VehicleEvent>;
  listeners: Set<(what: "status" | "events") => void>;
  connected: boolean;
}
/** Fills its panel and returns what ends it. */
type Part = (panel: HTMLElement, live: Live) => (() => void) | void;
/** A tab of the page: the same, with the rest of the address. */
type Tab = (main: HTMLElement, path: string[], live: Live) => (() => void) | void;

/** The parts of a form, by the names of their settings, kept in step with the draft. */
interface Form { names: Set<string>; add(update: () => void): void; stop(): void }
/** One part of a form. */
type Field = (f: Form, name: string, options: Options) => HTMLElement;
type Choice = string | number;
interface Options {
  label?: string;
  hint?: string | (() => string);
  unit?: string;
  /** How wide: a class of the grid. */
  span?: string;
  class?: string;
  /** Why the field cannot be used now; empty when it can. */
  off?: () => string;
  /** Says no error: another part of the same setting does. */
  quiet?: boolean;
  inputmode?: string;
  placeholder?: string;
  /** The entry of a mapping that the field stands for. */
  part?: string;
  /** Instead of those of the schema. */
  choices?: Choice[];
  word?: (choice: Choice) => string;
  drawing?: (choice: Choice) => Child;
  get?: (value: Value) => boolean;
  put?: (on: boolean) => Value;
}
