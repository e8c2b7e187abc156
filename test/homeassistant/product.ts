import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, type ScalarTag } from 'yaml';
import type { KnownParts } from '../../lib/bridge/part-list.js';
import { discoveryDocument } from '../../lib/home-assistant/discovery-document.js';
import { bridgeTopics } from '../../lib/mqtt/mqtt-topics.js';
import { samplesOf } from '../lib/home-assistant/discovery-samples.js';
import { projectRoot } from '../support/node-red-process.js';

/** What the files for Home Assistant are compared with: all that a bridge with one of each part announces and says. */
export const topics = bridgeTopics('immich-bridge', 'nas1');

const parts: KnownParts = {
  hasUploader: true,
  server: { url: 'http://nas1.local:2283' },
  folders: [{ id: 'camera-1a2b3c', name: 'Camera', node: 'watch' }],
  gpus: [{ id: 'gpu-5f3a', number: 0 }],
};

export const samples = samplesOf(topics, parts);

export interface Entity {
  readonly id: string;
  readonly domain: string;
  readonly name: string;
  readonly deviceClass: string | undefined;
  readonly stateClass: string | undefined;
  readonly isOff: boolean;
}

/** The entities that the document of an instance announces. */
export function entitiesOf(instance: string): Entity[] {
  const context = { instance, topics: bridgeTopics('immich-bridge', instance), version: '1.0.0' };
  const components = Object.values(discoveryDocument(parts, context)?.components ?? {});
  return components
    .filter(({ platform }) => platform !== 'device_automation')
    .map((component) => ({
      id: String(component.default_entity_id),
      domain: component.platform,
      name: String(component.name),
      deviceClass: textOf(component.device_class),
      stateClass: textOf(component.state_class),
      isOff: component.enabled_by_default === false,
    }));
}

export const entities = entitiesOf('nas1');

/** The whole message that goes out on a topic, first of several. */
export function messageOn(topic: string): Fields {
  return fieldsOf(samples.published[topic]?.payloads[0]);
}

export const folder = join(projectRoot, 'homeassistant/blueprints/automation/immich_bridge');

export const blueprintFiles = readdirSync(folder).sort();

export function textOfFile(path: string): string {
  return readFileSync(join(projectRoot, path), 'utf8');
}

export function blueprintText(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

/** Stands for `!input x`. */
export class Input {
  constructor(readonly name: string) {}
}

const inputTag: ScalarTag = { tag: '!input', resolve: (name) => new Input(name) };

/** Reads YAML as Home Assistant does; two equal keys and every other slip throw. */
export function readYaml(text: string): Fields {
  return fieldsOf(parse(text, { customTags: [inputTag], strict: true, uniqueKeys: true, version: '1.1' }));
}

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Everything in a tree, with the key that it has there. */
export function* everything(value: unknown, key = ''): Generator<readonly [key: string, value: unknown]> {
  yield [key, value];
  if (value instanceof Input) return;
  if (Array.isArray(value)) for (const entry of value) yield* everything(entry, key);
  else for (const [name, entry] of Object.entries(fieldsOf(value))) yield* everything(entry, name);
}

/** All texts in a tree that hold a template. */
export function templatesIn(value: unknown): string[] {
  return [...everything(value)].flatMap(([, entry]) =>
    typeof entry === 'string' && /\{[{%#]/.test(entry) ? [entry] : [],
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
