import type { KnownParts } from '../bridge/part-list.js';
import type { BridgeTopics } from '../mqtt/mqtt-topics.js';
import type { Component } from './announced.js';
import type { Components } from './component.js';
import { folderComponents, folderNames } from './folder-components.js';
import { allGpusComponents, gpuComponents } from './gpu-components.js';
import { serverComponents } from './server-components.js';
import { uploaderComponents } from './uploader-components.js';

/** What announces a bridge with all its entities to Home Assistant (its MQTT discovery of a device). */
export interface DiscoveryDocument {
  readonly device: Readonly<Record<string, string | readonly string[]>>;
  readonly origin: { readonly name: string; readonly sw_version: string; readonly support_url: string };
  readonly availability: readonly { readonly topic: string }[];
  readonly availability_mode: 'all';
  /** Home Assistant subscribes and publishes with it, too. */
  readonly qos: 1;
  readonly components: Readonly<Record<string, Component>>;
}

export interface DiscoveryContext {
  /** As it is in topics, `[a-z0-9_-]+`. */
  readonly instance: string;
  readonly topics: BridgeTopics;
  /** Of this pack. */
  readonly version: string;
}

const NAME = 'Immich Bridge';

/** As in package.json. */
const SUPPORT_URL = 'https://github.com/immich-bridge/node-red-immich';

/** Where Home Assistant looks for the document of an instance. */
export function discoveryTopic(prefix: string, instance: string): string {
  return `${prefix}/device/${deviceId(instance)}/config`;
}

/** The document that announces these parts, with sorted keys; undefined when there is no part to announce. */
export function discoveryDocument(
  parts: KnownParts,
  { instance, topics, version }: DiscoveryContext,
): DiscoveryDocument | undefined {
  const components = componentsOf(parts, instance, topics);
  if (Object.keys(components).length === 0) return undefined;
  const url = parts.server?.url;
  return sorted({
    device: {
      identifiers: [deviceId(instance)],
      name: `${NAME} ${instance}`,
      manufacturer: NAME,
      model: 'Node-RED node pack',
      sw_version: version,
      serial_number: instance,
      ...(isWebAddress(url) && { configuration_url: url }),
    },
    origin: { name: NAME, sw_version: version, support_url: SUPPORT_URL },
    availability: [{ topic: topics.status }],
    availability_mode: 'all',
    qos: 1,
    components,
  });
}

/** The same text for the same content, whatever the order of keys. */
export function canonicalJson(content: unknown): string {
  return JSON.stringify(sorted(content));
}

function componentsOf(parts: KnownParts, instance: string, topics: BridgeTopics): Components {
  const names = folderNames(parts.folders);
  const folders = parts.folders.map(({ id }) => {
    const start = `folder_${id.replaceAll('-', '_')}_`;
    return identified(instance, folderComponents(topics, id, names.get(id) ?? id), start);
  });
  const gpus = parts.gpus.map((gpu) =>
    identified(instance, gpuComponents(topics, gpu), `gpu_${gpu.id}_`, `gpu_${gpu.number}_`),
  );
  return Object.assign(
    {},
    parts.hasUploader && identified(instance, uploaderComponents(topics)),
    parts.server !== null && identified(instance, serverComponents(topics)),
    gpus.length > 0 && identified(instance, allGpusComponents(topics)),
    ...folders,
    ...gpus,
  );
}

/**
 * Gives components their ids. The unique id is for ever; the entity's id is a proposal for people, who may change it.
 * A trigger of the device has neither.
 */
function identified(
  instance: string,
  components: Components,
  keyStart = '',
  objectStart = keyStart,
): Components {
  const device = deviceId(instance);
  const entries = Object.entries(components).map(([part, component]) => {
    const key = `${keyStart}${part}`;
    if (component.platform === 'device_automation') return [key, component] as const;
    const object = `${device}_${objectStart}${part}`.replaceAll('-', '_');
    const ids = { unique_id: `${device}_${key}`, default_entity_id: `${component.platform}.${object}` };
    return [key, { ...component, ...ids }] as const;
  });
  return Object.fromEntries(entries);
}

function deviceId(instance: string): string {
  return `immich_bridge_${instance}`;
}

function isWebAddress(url: string | null | undefined): url is string {
  return typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

function sorted<Content>(content: Content): Content;
function sorted(content: unknown): unknown {
  if (Array.isArray(content)) return content.map((entry) => sorted(entry));
  if (typeof content !== 'object' || content === null) return content;
  const entries = Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, sorted(value)]));
}
