import { type Case, type Fields, fieldsOf, isMarker, type Rule } from './discovery-case.js';
import {
  COMMON_KEYS,
  COUNT_STATES,
  NO_ENTITY,
  OTHER_CLASSES,
  OWN_KEYS,
  REQUIRED_KEYS,
  SENSOR_CLASSES,
  UNITLESS,
} from './discovery-tables.js';

/** A rule that looks at one component at a time. */
function each(check: (component: Fields, document: Case) => (string | false)[]): Rule {
  return (document) =>
    document.components.flatMap(([key, component]) =>
      isMarker(component)
        ? []
        : check(component, document).flatMap((problem) => (problem === false ? [] : [`${key}: ${problem}`])),
    );
}

/** The rules for components, by their number. */
export const componentRules: Record<number, Rule> = {
  9: ({ entities, device }) => [
    ...twice(entities, ({ platform, unique_id }) => `${platform} ${unique_id}`),
    ...entities.flatMap(([key, { unique_id }]) => {
      const start = `${[device.identifiers].flat()[0]}_`;
      const isFine = String(unique_id).startsWith(start) && /^[a-z0-9_-]+$/.test(String(unique_id));
      return isFine ? [] : [`${key}: unique_id ${unique_id}`];
    }),
  ],

  10: each((component) => {
    const platform = String(component.platform);
    const own = OWN_KEYS[platform] ?? [];
    // object_id has a rule of its own.
    const known = platform === 'device_automation' ? own : [...COMMON_KEYS, ...own, 'object_id'];
    return Object.keys(component).map((key) => !known.includes(key) && `unknown key ${key}`);
  }),

  11: each((component) =>
    (REQUIRED_KEYS[String(component.platform)] ?? []).map((key) => !(key in component) && `no ${key}`),
  ),

  12: each(({ platform, device_class, unit_of_measurement: unit, state_class: state }) => {
    if (platform !== 'sensor') {
      const isKnown =
        device_class === undefined || OTHER_CLASSES[String(platform)]?.includes(String(device_class));
      return [!isKnown && platform !== 'event' && `device_class ${device_class}`];
    }
    if (UNITLESS.includes(String(device_class))) return [];
    if (device_class === undefined) {
      const states = unit === '%' ? ['measurement'] : COUNT_STATES;
      return [state !== undefined && !states.includes(String(state)) && `state_class ${state}`];
    }
    const allowed = SENSOR_CLASSES[String(device_class)];
    return [
      allowed === undefined && `device_class ${device_class}`,
      allowed !== undefined && !allowed.units.includes(String(unit)) && `unit ${unit}`,
      allowed !== undefined && !allowed.states.includes(String(state)) && `state_class ${state}`,
    ];
  }),

  13: each(({ device_class, unit_of_measurement: unit, state_class: state }) => [
    UNITLESS.includes(String(device_class)) && unit !== undefined && `${device_class} with a unit`,
    UNITLESS.includes(String(device_class)) && state !== undefined && `${device_class} with a state_class`,
  ]),

  14: each(({ platform, device_class, options }) => {
    const isWanted = device_class === 'enum' || platform === 'select';
    if (options === undefined) return [device_class === 'enum' && 'no options'];
    const isList = Array.isArray(options) && options.length > 0 && new Set(options).size === options.length;
    return [!isWanted && 'options without enum', isWanted && !isList && 'options'];
  }),

  15: each(({ platform, entity_category: category }) => [
    category !== undefined &&
      category !== null &&
      !['config', 'diagnostic'].includes(String(category)) &&
      `entity_category ${category}`,
    category === 'config' && /sensor$/.test(String(platform)) && 'entity_category config',
  ]),

  16: each(({ icon }) => [
    icon !== undefined && icon !== null && !/^mdi:[a-z0-9-]+$/.test(String(icon)) && `icon ${icon}`,
  ]),

  17: each((component) =>
    Object.entries(component).map(([key, value]) => value === null && key !== 'name' && `${key} is null`),
  ),

  18: ({ root, components }) =>
    [['root', root] as const, ...components].flatMap(([key, component]) =>
      topicsIn(component)
        .filter((topic) => !isTopic(topic))
        .map((topic) => `${key}: topic ${topic}`),
    ),

  19: each(({ platform, min = 0, max = 100, step = 1, mode = 'auto' }) => {
    if (platform !== 'number') return [];
    return [
      !(Number(min) < Number(max)) && 'min and max',
      !(Number(step) >= 0.001) && 'step',
      !['auto', 'box', 'slider'].includes(String(mode)) && 'mode',
    ];
  }),

  20: each(({ expire_after: expires, suggested_display_precision: precision, state_topic }, { samples }) => [
    isNumber(expires) && !(Number.isInteger(expires) && Number(expires) > 0) && 'expire_after',
    isNumber(expires) &&
      samples.published[String(state_topic)]?.isRetained === true &&
      'expire_after on a retained topic',
    isNumber(precision) && !(Number.isInteger(precision) && Number(precision) >= 0) && 'precision',
  ]),

  21: each((component, { samples }) => {
    const { platform, event_types: types, availability, device_class, state_topic } = component;
    if (platform !== 'event' || types === undefined) return [];
    const known = samples.published[String(state_topic)]?.eventTypes;
    return [
      known !== undefined && JSON.stringify(types) !== JSON.stringify(known) && 'event_types',
      Array.isArray(types) && types.length === 0 && 'no event_types',
      JSON.stringify(availability) !== '[]' && 'availability',
      device_class !== undefined && 'device_class',
    ];
  }),

  22: (document) => [
    ...twice(document.entities, ({ default_entity_id }) => String(default_entity_id)),
    ...each(({ platform, default_entity_id: id, object_id }) => [
      !NO_ENTITY.includes(String(platform)) &&
        !new RegExp(`^${platform}\\.[a-z0-9_]+$`).test(String(id)) &&
        `default_entity_id ${id}`,
      object_id !== undefined && 'object_id',
    ])(document),
  ],

  23: ({ entities, device }) => [
    ...twice(entities, ({ platform, name }) => `${platform} ${String(name).toLowerCase()}`),
    ...entities.flatMap(([key, { name }]) => {
      if (name === null) return [];
      const isFine = typeof name === 'string' && name !== '' && !name.startsWith(String(device.name));
      return isFine ? [] : [`${key}: name ${name}`];
    }),
  ],

  24: each(({ platform, image_topic, url_topic }) => [
    platform === 'image' && (image_topic === undefined) === (url_topic === undefined) && 'image and url',
  ]),

  26: each(({ retain = false, optimistic = false, enabled_by_default: isEnabled = true }) => [
    retain !== false && 'retain',
    optimistic !== false && 'optimistic',
    typeof isEnabled !== 'boolean' && 'enabled_by_default',
  ]),

  27: ({ root, components, samples }) =>
    [['root', root] as const, ...components].flatMap(([key, component]) => [
      ...topicsIn(component, (name) => name !== 'command_topic')
        .filter((topic) => isTopic(topic) && !(topic in samples.published))
        .map((topic) => `${key}: nobody publishes ${topic}`),
      ...commandsOf(component)
        .filter(([topic, payload]) => isTopic(topic) && !samples.takes(topic, payload))
        .map(([topic, payload]) => `${key}: nobody takes ${payload} on ${topic}`),
    ]),
};

/** What a component sends when somebody presses, switches or moves it. */
function commandsOf(component: Fields): [string, string][] {
  const { platform, command_topic: topic } = component;
  if (typeof topic !== 'string') return [];
  const text = (key: string, usual: string | number) => String(component[key] ?? usual);
  const payloads: Record<string, string[]> = {
    button: [text('payload_press', 'PRESS')],
    switch: [text('payload_on', 'ON'), text('payload_off', 'OFF')],
    number: [text('min', 0), text('max', 100)],
  };
  return (payloads[String(platform)] ?? ['']).map((payload) => [topic, payload]);
}

function topicsIn(component: Fields, isWanted: (key: string) => boolean = () => true): string[] {
  const own = Object.entries(component)
    .filter(([key, value]) => /(^|_)topic$/.test(key) && value !== null && isWanted(key))
    .map(([, topic]) => String(topic));
  const { availability } = component;
  const others = Array.isArray(availability) ? availability.map((entry) => fieldsOf(entry).topic) : [];
  return [...own, ...others.filter((topic) => typeof topic === 'string')];
}

function isTopic(topic: string): boolean {
  const isShort = Buffer.byteLength(topic) <= 65_535;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what this refuses
  return topic !== '' && isShort && !/[#+\u0000]|^\/|\/$|\/\//.test(topic);
}

function twice(entities: Case['entities'], idOf: (component: Fields) => string): string[] {
  const ids = entities.map(([, component]) => idOf(component));
  return entities.flatMap(([key], index) =>
    ids.indexOf(ids[index]!) === index ? [] : [`${key}: ${ids[index]} is taken`],
  );
}

function isNumber(value: unknown): boolean {
  return value !== undefined && value !== null;
}
