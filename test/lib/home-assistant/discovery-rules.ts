import { componentRules } from './component-rules.js';
import { type Case, type Fields, fieldsOf, isMarker, type Rule, type Samples } from './discovery-case.js';
import {
  AVAILABILITY_KEYS,
  DEVICE_KEYS,
  INHERITED,
  NO_ENTITY,
  ORIGIN_KEYS,
  PLATFORMS,
  ROOT_KEYS,
} from './discovery-tables.js';
import { payloadRules } from './payload-rules.js';

/**
 * What is wrong with a discovery document, as `rule 12: queue_depth: …`; the rules have the numbers of the list that
 * this pack keeps to. `former` is the document that stood on the topic before.
 */
export function problemsOf(topic: string, document: unknown, samples: Samples, former?: unknown): string[] {
  const root = fieldsOf(document);
  const components = componentsIn(root);
  const entities = components.filter(
    ([, component]) => !isMarker(component) && !NO_ENTITY.includes(String(component.platform)),
  );
  const device = fieldsOf(root.device);
  const pieces: Case = {
    topic,
    root,
    device,
    components,
    entities,
    samples,
    former: former === undefined ? undefined : fieldsOf(former),
  };
  return Object.entries({ ...frameRules, ...componentRules, ...payloadRules })
    .sort(([a], [b]) => Number(a) - Number(b))
    .flatMap(([number, rule]) => rule(pieces).map((problem) => `rule ${number}: ${problem}`));
}

function componentsIn(root: Fields): [string, Fields][] {
  return Object.entries(fieldsOf(root.components)).map(([key, component]) => [key, fieldsOf(component)]);
}

/** A component with what it inherits from the root. */
function whole(root: Fields, component: Fields): Fields {
  const inherited = Object.entries(root).filter(([key]) => INHERITED.includes(key));
  return { ...Object.fromEntries(inherited), ...component };
}

const frameRules: Record<number, Rule> = {
  1: ({ topic }) =>
    /^[^#+]+\/device\/([a-zA-Z0-9_-]+\/)?[a-zA-Z0-9_-]+\/config$/.test(topic) ? [] : [`the topic ${topic}`],

  2: ({ root }) => [
    ...foreign(Object.keys(root), ROOT_KEYS),
    ...['device', 'origin', 'components'].filter(
      (key) => typeof root[key] !== 'object' || root[key] === null,
    ),
    ...(isText(fieldsOf(root.origin).name) ? [] : ['origin: name']),
  ],

  3: ({ root, device }) => {
    const { identifiers, ...texts } = device;
    const isList = Array.isArray(identifiers) && identifiers.length > 0 && identifiers.every(isText);
    const origin = fieldsOf(root.origin);
    return [
      ...foreign(Object.keys(device), DEVICE_KEYS),
      ...foreign(Object.keys(origin), ORIGIN_KEYS),
      ...[...Object.entries(texts), ...Object.entries(origin)].flatMap(([key, value]) =>
        typeof value === 'string' ? [] : [`${key} is no text`],
      ),
      ...(isList ? [] : ['device: identifiers']),
    ];
  },

  4: ({ root, device }) =>
    [device.configuration_url, fieldsOf(root.origin).support_url].flatMap((url) =>
      url === undefined || /^https?:/.test(protocolOf(String(url))) ? [] : [`the address ${url}`],
    ),

  5: ({ root, entities }) =>
    [
      ['root', root] as const,
      ...entities.map(([key, entity]) => [key, whole(root, entity)] as const),
    ].flatMap(([key, part]) => ('availability' in part && 'availability_topic' in part ? [key] : [])),

  6: ({ root, components }) =>
    everywhere(root, components).flatMap(([key, { availability }]) => {
      if (availability === undefined) return [];
      if (!Array.isArray(availability)) return [`${key}: availability is no list`];
      return availability
        .map(fieldsOf)
        .flatMap((entry) => [
          ...foreign(Object.keys(entry), AVAILABILITY_KEYS).map((what) => `${key}: ${what}`),
          ...(isText(entry.topic) ? [] : [`${key}: availability without a topic`]),
        ]);
    }),

  7: ({ root, components }) =>
    everywhere(root, components).flatMap(([key, { availability_mode: mode = 'all', qos = 0 }]) => [
      ...(['all', 'any', 'latest'].includes(String(mode)) ? [] : [`${key}: availability_mode`]),
      ...(qos === 0 || qos === 1 || qos === 2 ? [] : [`${key}: qos`]),
    ]),

  8: ({ components }) =>
    components.flatMap(([key, component]) => {
      const platform = String(component.platform);
      if (!PLATFORMS.includes(platform)) return [`${key}: platform ${platform}`];
      const needsNoId = NO_ENTITY.includes(platform) || isMarker(component);
      return needsNoId || isText(component.unique_id) ? [] : [`${key}: no unique_id`];
    }),

  28: ({ former, components }) => {
    const next = new Map(components);
    return componentsIn(former ?? {}).flatMap(([key, component]) => {
      if (isMarker(component) || next.get(key)?.platform === component.platform) return [];
      return [`${key}: neither there nor removed`];
    });
  },
};

function everywhere(root: Fields, components: Case['components']): [string, Fields][] {
  return [['root', root], ...components.map(([key, component]): [string, Fields] => [key, component])];
}

function foreign(keys: readonly string[], known: readonly string[]): string[] {
  return keys.filter((key) => !known.includes(key)).map((key) => `unknown key ${key}`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}
