import { type Fields, fieldsOf, type Rule } from './discovery-case.js';

/** The rules for what is published, by their number. */
export const payloadRules: Record<number, Rule> = {
  25: ({ components, samples }) =>
    components.flatMap(([key, component]) =>
      Object.entries(component)
        .filter(([name, template]) => name.endsWith('_template') && typeof template === 'string')
        .flatMap(([name, template]) => {
          const published = samples.published[topicOf(name, component)]?.payloads ?? [];
          return templateProblems(String(template), published).map(
            (problem) => `${key}: ${name}: ${problem}`,
          );
        }),
    ),

  29: ({ samples }) =>
    Object.entries(samples.published).flatMap(([topic, { payloads, eventTypes }]) => {
      const keys = payloads.map((payload) => keysIn(payload).join(' '));
      const isSame = eventTypes !== undefined || keys.every((line) => line === keys[0]);
      return [
        ...(isSame ? [] : [`${topic}: not every key is always there`]),
        ...payloads.flatMap(badNumbers).map((problem) => `${topic}: ${problem}`),
      ];
    }),
};

/** Which topic a template reads. */
function topicOf(name: string, component: Fields): string {
  if (name === 'json_attributes_template') return String(component.json_attributes_topic);
  return String(component.state_topic ?? component.topic);
}

/** After a dot these are methods of Python's dictionaries, whatever the payload has. */
const METHODS = [
  'clear',
  'copy',
  'fromkeys',
  'get',
  'items',
  'keys',
  'pop',
  'popitem',
  'setdefault',
  'update',
  'values',
];

function templateProblems(template: string, payloads: readonly unknown[]): string[] {
  const count = (mark: string) => template.split(mark).length - 1;
  const isBalanced = count('{{') === count('}}') && count('{%') === count('%}');
  // What is followed by a bracket is a function of the template's language.
  const found = [...template.matchAll(/value_json((?:\.[a-z0-9_]+|\['[a-z0-9_]+'\])+)(?![a-z0-9_(])/g)];
  const paths = found.map(([, path]) => path!);
  return [
    ...(isBalanced ? [] : ['brackets']),
    ...paths.flatMap((path) => {
      const keys = path.match(/[a-z0-9_]+/g) ?? [];
      const isEverywhere = payloads.every((payload) => hasPath(payload, keys));
      const method = METHODS.find((name) => path.split(/(?=[.[])/).includes(`.${name}`));
      return [
        ...(isEverywhere ? [] : [`no ${path} in the payload`]),
        ...(method === undefined ? [] : [`.${method} is a method`]),
      ];
    }),
  ];
}

function hasPath(payload: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  const fields = fieldsOf(payload);
  return Object.hasOwn(fields, key) && hasPath(fields[key], rest);
}

/** All keys, as deep as objects go; what a list holds is a value. */
function keysIn(payload: unknown, at = ''): string[] {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return [at];
  return Object.entries(payload).flatMap(([key, value]) => keysIn(value, `${at}.${key}`));
}

function badNumbers(value: unknown): string[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [`the number ${value}`];
  if (value === undefined) return ['undefined'];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(badNumbers) : [];
}
