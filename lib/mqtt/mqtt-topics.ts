import { hostname } from 'node:os';
import { say } from '../say.js';
import { SettingError, settingText } from '../settings.js';
import { slugOf } from '../slug.js';

/** Where a bridge speaks and listens: every topic carries the name of its instance. */
export interface BridgeTopics {
  /** What all topics begin with. */
  readonly root: string;
  /** `online` or `offline` as plain text, retained; also the last will. */
  readonly status: string;
  /** Versions and features, as JSON, retained. */
  readonly info: string;
  readonly uploaderState: string;
  /** Takes `ON` or `OFF`. */
  readonly pausedSet: string;
  /** Takes a whole number. */
  readonly concurrencySet: string;
  readonly serverState: string;
  /** What Home Assistant's update entity reads. */
  readonly serverUpdate: string;
  /** What happened to one file, as JSON, never retained. */
  readonly uploadEvent: string;
  readonly archiveEvent: string;
  readonly serverEvent: string;
  readonly gpuEvent: string;
  /** What the last audit came to, as JSON, retained; and that one has ended, never retained. */
  readonly auditState: string;
  readonly auditEvent: string;
  /** Filter for all commands; the answers do not match it. */
  readonly anyCommand: string;
  folderState(id: string): string;
  gpuState(id: string): string;
  command(name: string): string;
  response(name: string): string;
}

/** The topics of one instance, below a base topic that went through `parseBaseTopic`. */
export function bridgeTopics(baseTopic: string, instance: string): BridgeTopics {
  const root = `${baseTopic}/${instance}`;
  return {
    root,
    status: `${root}/status`,
    info: `${root}/info`,
    uploaderState: `${root}/uploader/state`,
    pausedSet: `${root}/uploader/paused/set`,
    concurrencySet: `${root}/uploader/concurrency/set`,
    serverState: `${root}/server/state`,
    serverUpdate: `${root}/server/update`,
    uploadEvent: `${root}/event/upload`,
    archiveEvent: `${root}/event/archive`,
    serverEvent: `${root}/event/server`,
    gpuEvent: `${root}/event/gpu`,
    auditState: `${root}/audit/state`,
    auditEvent: `${root}/event/audit`,
    anyCommand: `${root}/cmd/+`,
    folderState: (id) => `${root}/watch/${id}/state`,
    gpuState: (id) => `${root}/gpu/${id}/state`,
    command: (name) => `${root}/cmd/${name}`,
    response: (name) => `${root}/cmd/${name}/response`,
  };
}

/**
 * A base topic from a setting, `immich-bridge` when it is unset.
 * @throws SettingError for what a broker, or Home Assistant, would not take as the start of a topic
 */
export function parseBaseTopic(value: unknown): string {
  return parseTopic(say`Base topic`, value, 'immich-bridge');
}

/**
 * Where Home Assistant looks for devices, `homeassistant` when it is unset.
 * @throws SettingError for what a broker would not take as the start of a topic
 */
export function parseDiscoveryPrefix(value: unknown): string {
  return parseTopic(say`Prefix`, value, 'homeassistant');
}

function parseTopic(field: string, value: unknown, fallback: string): string {
  const topic = settingText(value) ?? fallback;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
  if (/[#+\u0000-\u001f\u007f]|^\$|^\/|\/$|\/\//.test(topic) || topic.length > 200) {
    throw new SettingError(
      say`${field}: "${topic}" does not work here. Type words with single slashes between them and no # or +, for example ${fallback}.`,
    );
  }
  return topic;
}

/**
 * The name of this instance from a setting, or the first part of the host name when it is unset, as it goes
 * into topics, client ids and Home Assistant's ids.
 * @throws SettingError when nothing is left of it
 */
export function parseInstance(value: unknown, host = hostname()): string {
  return sanitiseInstance(settingText(value) ?? host.split('.')[0] ?? '');
}

/**
 * A name as `[a-z0-9_-]+`. Home Assistant ignores a discovery topic with any other character (reference: its MQTT
 * discovery).
 * @throws SettingError when nothing is left of it
 */
export function sanitiseInstance(name: string): string {
  const sanitised = slugOf(name, 64);
  if (sanitised !== '') return sanitised;
  throw new SettingError(
    say`Instance: "${name}" leaves no name. Type letters a to z, digits, hyphens or underscores, for example nas1.`,
  );
}
