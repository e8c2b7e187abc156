/**
 * Writes the three blueprints that watch one number, so that they cannot drift apart. After a change here:
 * `npm run build && node dist/bin/threshold-blueprints.js`. A test says when the files are stale.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Threshold {
  /** Name of the file. */
  readonly file: string;
  readonly name: string;
  /** Lines of the description, which may use Markdown. */
  readonly description: readonly string[];
  readonly sensor: { readonly name: string; readonly description: string; readonly deviceClass?: string };
  readonly limit: {
    readonly value: number;
    readonly max: number;
    readonly unit?: string;
    readonly description: string;
  };
  /** Title and text of the notification, which may use Home Assistant's templates. */
  readonly title: string;
  readonly message: string;
}

const THRESHOLDS: readonly Threshold[] = [
  {
    file: 'gpu_too_hot.yaml',
    name: 'Immich Bridge: GPU too hot',
    description: [
      'Acts when a GPU has been too hot for some minutes. It tells you; add an action that switches *Uploads paused*',
      'on, and Immich gets no new work until you resume. Make one automation for each GPU.',
    ],
    sensor: { name: 'Temperature', description: 'The temperature of the GPU.', deviceClass: 'temperature' },
    limit: { value: 85, max: 250, description: 'In the unit of the sensor. 85 °C is 185 °F.' },
    title: 'GPU too hot',
    message: '{{ entity_name }}: {{ value }} {{ unit }}, over {{ limit }} for some minutes.',
  },
  {
    file: 'storage_nearly_full.yaml',
    name: 'Immich Bridge: storage nearly full',
    description: [
      'Acts when the disk of Immich is filled over a limit. A full disk stops uploads; what waits is not lost.',
    ],
    sensor: { name: 'Storage used', description: 'The sensor *Storage used* of the bridge.' },
    limit: { value: 85, max: 100, unit: '%', description: 'How much of the disk may be used.' },
    title: 'Immich storage nearly full',
    message: '{{ value }} {{ unit }} of the disk of Immich is used.',
  },
  {
    file: 'machine_learning_backlog.yaml',
    name: 'Immich Bridge: machine learning falls behind',
    description: [
      'Acts when too many photos wait for smart search and face recognition. The number needs an API key of an',
      'administrator; with any other key the sensor is unknown, and this automation is silent.',
    ],
    sensor: { name: 'Backlog', description: 'The sensor *Machine learning backlog* of the bridge.' },
    limit: { value: 100, max: 1_000_000, unit: 'jobs', description: 'How many jobs may wait.' },
    title: 'Immich falls behind',
    message: '{{ value }} jobs of machine learning wait.',
  },
];

const SOURCE =
  'https://github.com/immich-bridge/node-red-immich/blob/main/homeassistant/blueprints/automation/immich_bridge';

/** The text of each blueprint by the name of its file. */
export function thresholdBlueprints(): ReadonlyMap<string, string> {
  return new Map(THRESHOLDS.map((threshold) => [threshold.file, blueprint(threshold)]));
}

function blueprint(threshold: Threshold): string {
  const { file, name, description } = threshold;
  return `# Written by bin/threshold-blueprints.ts: change it there.
blueprint:
  name: ${JSON.stringify(name)}
  description: >-
    ${description.join('\n    ')}
  domain: automation
  author: The Immich Bridge authors
  source_url: ${SOURCE}/${file}
  homeassistant:
    min_version: 2024.10.0
  input:
${inputs(threshold)}
${BODY}`;
}

function inputs({ sensor, limit, title, message }: Threshold): string {
  const deviceClass =
    sensor.deviceClass === undefined ? '' : `\n              device_class: ${sensor.deviceClass}`;
  const unit =
    limit.unit === undefined ? '' : `\n          unit_of_measurement: ${JSON.stringify(limit.unit)}`;
  return `    sensor:
      name: ${sensor.name}
      description: ${sensor.description}
      selector:
        entity:
          filter:
            - integration: mqtt
              domain: sensor${deviceClass}
    limit:
      name: Limit
      description: ${limit.description}
      default: ${limit.value}
      selector:
        number:
          min: 0
          max: ${limit.max}
          mode: box${unit}
${DURATION}
    actions:
      name: Actions
      description: >-
        What is done. The variables \`entity_name\`, \`value\`, \`unit\` and \`limit\` can be used in templates.
      default:
        - action: notify.notify
          data:
            title: ${JSON.stringify(title)}
            message: ${JSON.stringify(message)}
      selector:
        action: {}`;
}

const DURATION = `    duration:
      name: For
      description: How long it must stay over the limit.
      default:
        hours: 0
        minutes: 5
        seconds: 0
      selector:
        duration: {}`;

/** What all three do. */
const BODY = `
# The values are read from the sensor and not from the trigger, so that "Run actions" can be tried by hand.
variables:
  sensor: !input sensor
  limit: !input limit
  entity_name: "{{ state_attr(sensor, 'friendly_name') }}"
  value: "{{ states(sensor, rounded=true) }}"
  unit: "{{ state_attr(sensor, 'unit_of_measurement') or '' }}"

mode: single
max_exceeded: silent

triggers:
  - trigger: numeric_state
    entity_id: !input sensor
    above: !input limit
    for: !input duration

conditions: []

actions: !input actions
`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = resolve(import.meta.dirname, '../../homeassistant/blueprints/automation/immich_bridge');
  for (const [file, text] of thresholdBlueprints()) writeFileSync(join(folder, file), text);
}
