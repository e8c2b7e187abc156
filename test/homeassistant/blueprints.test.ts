import { describe, expect, it } from 'vitest';
import { thresholdBlueprints } from '../../bin/threshold-blueprints.js';
import { AUDIT_EVENT_TYPES } from '../../lib/bridge/audit-event.js';
import { COMMAND_NAMES } from '../../lib/bridge/command.js';
import { UPLOAD_EVENT_TYPES } from '../../lib/bridge/upload-event.js';
import manifest from '../../package.json' with { type: 'json' };
import {
  blueprintFiles,
  blueprintText,
  entities,
  everything,
  type Fields,
  fieldsOf,
  Input,
  listOf,
  messageOn,
  readYaml,
  samples,
  templatesIn,
  topics,
} from './product.js';
import { templateProblems } from './templates.js';

const TOP = 'blueprint trigger_variables variables mode max max_exceeded triggers conditions actions'.split(
  ' ',
);
const repository = manifest.repository.url.replace(/^git\+|\.git$/g, '');

const partsOf = (file: string) => {
  const whole = readYaml(blueprintText(file));
  const head = fieldsOf(whole.blueprint);
  return { whole, head, inputs: fieldsOf(head.input) };
};
const filtersOf = (input: unknown): Fields[] =>
  listOf(fieldsOf(fieldsOf(fieldsOf(input).selector).entity).filter).map(fieldsOf);
const inputsOfEntities = (file: string) =>
  Object.values(partsOf(file).inputs)
    .map(fieldsOf)
    .filter((input) => filtersOf(input).some(({ integration }) => integration === 'mqtt'));
/** What a text calls *so*. */
const namesIn = (text: unknown) => [...String(text).matchAll(/\*([^*]+)\*/g)].map(([, name]) => name ?? '');

it('there are eight blueprints', () => {
  expect(blueprintFiles).toHaveLength(8);
});

describe.each(blueprintFiles)('the blueprint %s', (file) => {
  const { whole, head, inputs } = partsOf(file);

  it('has the parts of a blueprint, with the keys of Home Assistant 2024.10', () => {
    expect(Object.keys(whole).filter((key) => !TOP.includes(key))).toEqual([]);
    expect(head).toMatchObject({
      name: expect.stringMatching(/^Immich Bridge: ./),
      description: expect.stringMatching(/\.$/),
      domain: 'automation',
      author: manifest.author,
      homeassistant: { min_version: '2024.10.0' },
      source_url: `${repository}/blob/main/homeassistant/blueprints/automation/immich_bridge/${file}`,
    });
    expect(whole).toMatchObject({ triggers: expect.any(Array), conditions: expect.any(Array) });
    const oldKeys = [...everything(whole)].filter(([key]) => key === 'platform' || key === 'service');
    expect(oldKeys).toEqual([]);
  });

  it('asks for nothing that has no words, and for nothing but entities that has no default', () => {
    for (const [name, input] of Object.entries(inputs)) {
      const { selector, ...words } = fieldsOf(input);
      expect(words, name).toMatchObject({
        name: expect.any(String),
        description: expect.stringMatching(/\.$/),
      });
      expect(Object.keys(fieldsOf(selector)), name).toHaveLength(1);
      expect('default' in words, name).toBe(!('entity' in fieldsOf(selector)));
    }
  });

  it('uses every input, and no other', () => {
    const used = [...everything(whole)].flatMap(([, value]) => (value instanceof Input ? [value.name] : []));
    expect([...new Set(used)].sort()).toEqual(Object.keys(inputs).sort());
  });

  it('has templates of a good form', () => {
    expect(templatesIn(whole).flatMap(templateProblems)).toEqual([]);
  });

  it('asks for entities that the bridge has, by their names', () => {
    for (const input of inputsOfEntities(file)) {
      for (const { domain, device_class } of filtersOf(input)) {
        const fitting = entities.filter(
          (entity) =>
            entity.domain === domain && (device_class === undefined || entity.deviceClass === device_class),
        );
        expect(fitting.map(({ name }) => name)).toEqual(expect.arrayContaining(namesIn(input.description)));
        expect(fitting).not.toEqual([]);
      }
    }
  });

  it('compares only sensors that are numbers', () => {
    const isNumeric = listOf(whole.triggers).some((trigger) => fieldsOf(trigger).trigger === 'numeric_state');
    const named = inputsOfEntities(file).flatMap(({ description }) => namesIn(description));
    const numbers = entities.filter(({ stateClass }) => stateClass !== undefined).map(({ name }) => name);
    if (isNumeric) expect(numbers).toEqual(expect.arrayContaining(named));
  });

  it('does not wait for a phone, and calls a trigger by an id that there is', () => {
    expect([...everything(whole)].filter(([key]) => key === 'wait_for_trigger')).toEqual([]);
    const ids = listOf(whole.triggers).map((trigger) => fieldsOf(trigger).id);
    for (const [, value] of everything(whole.actions)) {
      const { condition, id } = fieldsOf(value);
      if (condition === 'trigger') expect(ids).toEqual(expect.arrayContaining([id].flat()));
    }
  });
});

describe('the three blueprints that watch a number', () => {
  it.each([...thresholdBlueprints()])('%s is what bin/threshold-blueprints.ts writes', (file, text) => {
    expect(blueprintText(file), 'stale: npm run build && node dist/bin/threshold-blueprints.js').toBe(text);
  });
});

describe('the blueprint of a failed upload', () => {
  const { whole, inputs } = partsOf('failed_upload.yaml');
  const [failed, retry] = listOf(whole.triggers).map(fieldsOf);
  const templates = templatesIn(whole.actions);

  it('listens where the bridge tells of failures, for what it says there', () => {
    const topic = String(fieldsOf(inputs.event_topic).default);
    expect(topic.replace('+', 'nas1')).toBe(topics.uploadEvent);
    expect(fieldsOf(inputs.event_topic).description).toContain(topics.uploadEvent);
    expect(failed).toMatchObject({ trigger: 'mqtt', qos: 1, value_template: '{{ value_json.event_type }}' });
    expect(UPLOAD_EVENT_TYPES).toContain(failed?.payload);
  });

  it('reads keys that an event has, and has words for those that may be null', () => {
    const keys = [...templates.join().matchAll(/payload_json\.(\w+)/g)].map(([, key]) => key);
    expect(keys).toEqual(expect.arrayContaining(['file', 'error', 'id']));
    expect(Object.keys(messageOn(topics.uploadEvent))).toEqual(expect.arrayContaining(keys));
    for (const key of ['file', 'error']) {
      expect(templates.join()).toMatch(new RegExp(`payload_json\\.${key} \\| default\\('.+', true\\)`));
    }
  });

  it('loses nothing of a burst', () => {
    expect(whole).toMatchObject({ mode: 'queued', max: 100 });
  });

  it('hears the answer to its own notification, and to no other bridge', () => {
    const answer = String(fieldsOf(retry?.event_data).action);
    expect(retry?.event_type).toBe('mobile_app_notification_action');
    expect(templates).toContain(answer);
    expect(answer).toContain('retry_button');
    for (const key of ['variables', 'trigger_variables']) {
      expect(fieldsOf(whole[key]).retry_button).toEqual(new Input('retry_button'));
    }
  });

  it('presses a button that makes a command', () => {
    expect(namesIn(fieldsOf(inputs.retry_button).description)).toEqual(['Retry failed uploads']);
    expect(COMMAND_NAMES).toContain('retry');
    expect(samples.takes(topics.command('retry'), '{"v":1}')).toBe(true);
  });
});

describe('the blueprint that pauses', () => {
  const { whole } = partsOf('pause_while_streaming.yaml');

  it('means the same by playing everywhere', () => {
    const playing = templatesIn(whole).filter((template) => template.includes('expand('));
    const kinds = new Set(playing.map((template) => template.replace(/count (==|>) 0/, 'count')));
    expect([playing.length, kinds.size]).toEqual([4, 1]);
  });

  it('forgets no beginning behind a short run, and no pause of its own over a restart', () => {
    expect(whole).toMatchObject({ mode: 'queued' });
    const triggers = listOf(whole.triggers).map(fieldsOf);
    expect(triggers).toContainEqual({ trigger: 'homeassistant', id: 'back', event: 'start' });
    const timeouts = [...everything(whole.actions)].filter(([key]) => key === 'wait_template');
    expect(timeouts).toHaveLength([...everything(whole.actions)].filter(([key]) => key === 'timeout').length);
  });
});

describe('the weekly audit', () => {
  const { whole, inputs } = partsOf('weekly_audit.yaml');
  const templates = templatesIn(whole.actions).join();

  it('presses a button that begins an audit, and listens where its end is told', () => {
    expect(namesIn(fieldsOf(inputs.audit_button).description)).toEqual(['Audit uploads']);
    expect(samples.takes(topics.command('audit'), '{"v":1}')).toBe(true);
    const topic = String(fieldsOf(inputs.event_topic).default);
    expect(topic.replace('+', 'nas1')).toBe(topics.auditEvent);
    expect(fieldsOf(inputs.event_topic).description).toContain(topics.auditEvent);
  });

  it('reads keys that an event has, and is silent about one of its types', () => {
    const event = messageOn(topics.auditEvent);
    const keys = [...templates.matchAll(/payload_json\.(\w+)/g)].map(([, key]) => key);
    expect(Object.keys(event)).toEqual(expect.arrayContaining(keys));
    const kinds = [...templates.matchAll(/files\.(\w+)/g)].map(([, kind]) => kind);
    expect(kinds).toHaveLength(2);
    expect(Object.keys(fieldsOf(event.files))).toEqual(expect.arrayContaining(kinds));
    const [, silent] = /event_type != '(\w+)'/.exec(templates) ?? [];
    expect(AUDIT_EVENT_TYPES).toContain(silent);
  });
});

describe('the daily summary', () => {
  it('is silent when both counts are 0 or unknown', () => {
    const { whole } = partsOf('daily_summary.yaml');
    const { uploaded, failed } = fieldsOf(whole.variables);
    expect([uploaded, failed]).toEqual([
      expect.stringMatching(/\| int\(0\) \}\}$/),
      expect.stringMatching(/\| int\(0\) \}\}$/),
    ]);
    expect(whole.conditions).toEqual([
      { condition: 'template', value_template: '{{ uploaded + failed > 0 }}' },
    ]);
  });
});

describe('the check of templates', () => {
  it.each([
    ['{{ a }', 'open braces'],
    ['{{ a(b }}', 'brackets'],
    ["{{ 'a }}", 'quotes'],
    ['{{ a | uper }}', 'unknown filter uper'],
    ['{% if a %}b', 'if does not end'],
    ['{% endfor %}', 'endfor without a beginning'],
    ['{% iff a %}', 'unknown statement'],
  ])('finds what is wrong with %s', (template, problem) => {
    expect(templateProblems(template).join()).toContain(problem);
  });

  it('takes a good one', () => {
    expect(
      templateProblems("{% for a in b if c %}{{ a['}'] | default('|x', true) }}{% else %}-{% endfor %}"),
    ).toEqual([]);
  });
});
