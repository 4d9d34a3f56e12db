// What the page asks of the camera, and what the camera refuses.

import { t, toast, worded } from "./lib.js";

/** Who is signed in here. @type {Session | null} */
let session = null;
/** @param {Session} now */
export const setSession = (now) => {
  session = now;
};

/** The name and role of whoever is signed in. */
export const me = () => ({ name: session?.name ?? "", role: session?.role ?? ROLES[0] });

/** Each may do all that those before it may. @type {[Role, ...Role[]]} */
export const ROLES = ["viewer", "operator", "admin"];

/**
 * Whether whoever is signed in may do what takes this role: the page leaves out what the server would refuse.
 * @param {Role} least
 */
export const may = (least) => ROLES.indexOf(me().role) >= ROLES.indexOf(least);

/** Places of the page that not everybody has. @type {Record<string, Role>} */
const FOR = { lists: "admin", integration: "operator", "integration/keepalive": "admin", settings: "admin" };

/** Whether whoever is signed in has this place, which is an address behind `#`. @param {string} place */
export function mayOpen(place) {
  const [tab = "", part] = place.split("/");
  return may(FOR[`${tab}/${part}`] ?? FOR[tab] ?? "viewer");
}

/** What the server refused: `fields` has what was wanted, by the names of the fields. */
export class Refusal extends Error {
  /** @param {number} status @param {Said & { error?: string, fields?: WrongField[] }} body */
  constructor(status, body) {
    super(body.error ? worded(body.error, body) : t("no_answer"));
    this.status = status;
    this.fields = wantsOf(body.fields ?? []);
  }

  /** Whatever was thrown, as a refusal. @param {unknown} error */
  static of(error) {
    return error instanceof Refusal ? error : new Refusal(0, { error: error instanceof Error ? error.message : "" });
  }

  /** Every wrong field in words, under the name that `named` gives it. @param {(name: string) => string} [named] */
  wants(named = (name) => name) {
    return Object.entries(this.fields).map(([name, want]) => t("want_named", { name: named(name), want }));
  }
}

/** @type {(fields: WrongField[]) => Record<string, string>} */
export const wantsOf = (fields) => Object.fromEntries(fields.map((wrong) => [wrong.field, worded(wrong.want, wrong)]));

/**
 * @param {string} method @param {string} path @param {unknown} [body] @param {string} [type]
 * @param {AbortSignal} [signal]
 */
export async function request(method, path, body, type = "application/json", signal = undefined) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (session?.csrf && method !== "GET") headers["X-CSRF-Token"] = session.csrf;
  if (body !== undefined) headers["Content-Type"] = type;
  const text = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(path, { method, headers, body: text, signal: signal ?? null }).catch(() => {
    throw new Refusal(0, { error: t("no_connection") });
  });
  if (answer.status === 401) document.dispatchEvent(new Event("signed-out"));
  if (!answer.ok) throw new Refusal(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

/**
 * The answer of an operation.
 * @template {string} M
 * @template {string} P
 * @param {M} method
 * @param {P} path
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 * @returns {Promise<`${M} ${P}` extends keyof Answers ? Answers[`${M} ${P}`] : never>}
 */
export async function api(method, path, body, signal) {
  return (await request(method, path, body, undefined, signal)).json();
}

/**
 * Lines of JSON, each handed over as it comes.
 * @param {string} path
 * @param {unknown} body
 * @param {(line: Step) => void} take
 */
export async function lines(path, body, take) {
  const stream = (await request("POST", path, body)).body;
  if (!stream) return;
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const whole = (rest + (value ?? "")).split("\n");
    rest = whole.pop() ?? "";
    for (const line of whole) if (line) take(JSON.parse(line));
    if (done) return;
  }
}

/** Says what went wrong. @param {unknown} error */
export const complain = (error) => toast(Refusal.of(error).message);

/**
 * The address of an operation on a profile.
 * @template {string} P @param {string} key @param {P} operation @returns {`/api/profiles/${string}/${P}`}
 */
export const ofProfile = (key, operation) => `/api/profiles/${encodeURIComponent(key)}/${operation}`;
