import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { NodeMessage } from 'node-red';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Alert } from '../../lib/alert.js';
import type { GpuReading } from '../../lib/gpu/gpu-reading.js';
import { statusOf } from '../../nodes/_gpu-status.js';
import gpuStats from '../../nodes/gpu-stats.js';
import {
  FAKE_GPU,
  type FakeNvidiaSmi,
  fakeNvidiaSmi,
  isAlive,
  OTHER_GPU,
} from '../support/fake-nvidia-smi.js';
import {
  collect,
  collectStatuses,
  ON_TAB,
  runtimeEvents,
  TAB_WITH_CATCH,
  useNodeRed,
} from '../support/node-red-helper.js';
import { tempFolder } from '../support/world.js';

const helper = useNodeRed();
const RED = createRequire(import.meta.url)('node-red') as typeof import('node-red');
const ID = 'GPU-11111111-2222-3333-4444-555555555555';

let fake: FakeNvidiaSmi;
let root: string;
let userDir: string;
beforeEach(() => {
  root = tempFolder();
  userDir = tempFolder();
  helper.settings({ userDir });
  fake = fakeNvidiaSmi();
  const { PATH } = process.env;
  process.env.PATH = fake.env.PATH;
  onTestFinished(() => {
    process.env.PATH = PATH;
  });
});

/** The node with a Catch node, and all that they say from now on. It looks once at its start, then each hour. */
async function startFlow(settings: Record<string, string> = {}) {
  const isRunning = once(runtimeEvents(), 'flows:started');
  const flow = [
    ...TAB_WITH_CATCH,
    {
      ...ON_TAB,
      id: 'n',
      type: 'gpu-stats',
      interval: '60',
      root,
      ...settings,
      wires: [['readings'], ['alerts']],
    },
    { ...ON_TAB, id: 'readings', type: 'helper', wires: [] },
    { ...ON_TAB, id: 'alerts', type: 'helper', wires: [] },
  ];
  await helper.load(gpuStats, flow);
  const seen = {
    readings: collect('readings') as (NodeMessage & { payload: GpuReading })[],
    alerts: collect('alerts') as (NodeMessage & { payload: Alert })[],
    caught: collect('caught') as (NodeMessage & { error: { message: string; code?: string } })[],
    statuses: collectStatuses('n'),
  };
  // Right after that, each node is asked for what it knows already.
  await isRunning;
  await setImmediate();
  return seen;
}

const receive = (msg: object) => helper.getNode('n').receive(msg as NodeMessage);
const lastStatus = (seen: { statuses: { fill?: string; text?: string }[] }) => {
  const { fill, text } = seen.statuses.at(-1) ?? {};
  return [fill, text?.replace('gpu-stats.status.', '')];
};
const isStatus = (seen: Parameters<typeof lastStatus>[0], ...status: string[]) =>
  vi.waitFor(() => expect(lastStatus(seen)).toEqual(status));

/** One of the kernel's files below the root of this test. */
function write(path: string, content: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${content}\n`);
}

describe('gpu-stats', () => {
  it('tells one reading for each GPU, of all makers, when it starts', async () => {
    fake.behave({ gpus: [FAKE_GPU, OTHER_GPU] });
    write('sys/class/drm/card0/device/uevent', 'DRIVER=amdgpu\nPCI_ID=1002:67DF\nPCI_SLOT_NAME=0000:09:00.0');
    write('sys/class/drm/card0/device/gpu_busy_percent', '11');
    const seen = await startFlow();
    await vi.waitFor(() => expect(seen.readings).toHaveLength(3));
    expect(seen.readings.map(({ topic, payload }) => [topic, payload.vendor, payload.loadPercent])).toEqual(
      expect.arrayContaining([
        ['gpu/reading', 'nvidia', 7],
        ['gpu/reading', 'nvidia', 7],
        ['gpu/reading', 'amd', 11],
      ]),
    );
    expect(seen.readings[0]?.payload.alerts).toEqual({
      temperature: false,
      memory: false,
      throttling: false,
      encoder: false,
      lost: false,
    });
    expect(seen.alerts).toEqual([]);
    await isStatus(seen, 'green', 'many-warm');
  });

  it.each([
    ['an empty payload', { payload: '' }],
    ['the time that an inject node sends', { payload: 1_700_000_000_000 }],
    ['a command', { topic: 'command/refresh', payload: 'x' }],
  ])('looks again for %s', async (_, msg) => {
    const seen = await startFlow();
    await vi.waitFor(() => expect(seen.readings).toHaveLength(1));
    receive(msg);
    await vi.waitFor(() => expect(seen.readings).toHaveLength(2));
    receive({ topic: 'command/pause' });
    await isStatus(seen, 'green', 'one');
    expect(fake.calls()).toHaveLength(2);
  });

  it('looks again and again', async () => {
    const seen = await startFlow({ interval: '1' });
    await vi.waitFor(() => expect(seen.readings.length).toBeGreaterThanOrEqual(2));
  });

  it('raises an alert once and clears it once, and its readings say so', async () => {
    const seen = await startFlow({ holdSeconds: '0', temperatureLimit: '70' });
    await vi.waitFor(() => expect(seen.readings).toHaveLength(1));
    for (const temperature of ['71', '75', '68', '65', '60']) {
      fake.behave({ gpus: [{ ...FAKE_GPU, 'temperature.gpu': temperature }] });
      const { length } = seen.readings;
      receive({ payload: '' });
      await vi.waitFor(() => expect(seen.readings.length).toBeGreaterThan(length));
    }
    expect(
      seen.alerts.map(({ topic, payload }) => [topic, payload.alert, payload.isRaised, payload.message]),
    ).toEqual([
      ['gpu/alert', 'temperature', true, 'GPU 0 (NVIDIA Fake RTX 1) is 71 °C hot; the limit is 70 °C.'],
      ['gpu/alert', 'temperature', false, 'GPU 0 (NVIDIA Fake RTX 1) has cooled down to 65 °C.'],
    ]);
    expect(seen.alerts[0]?.payload).toMatchObject({ value: 71, limit: 70, gpu: ID });
    expect(seen.readings.map(({ payload }) => payload.alerts.temperature)).toEqual([
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(seen.statuses.map(({ text }) => text)).toContain('gpu-stats.status.hot');
  });

  it('goes on to tell a GPU that is gone as lost, and raises one alert', async () => {
    fake.behave({ gpus: [FAKE_GPU, OTHER_GPU] });
    const seen = await startFlow();
    await vi.waitFor(() => expect(seen.readings).toHaveLength(2));
    fake.behave({ gpus: [OTHER_GPU] });
    for (const count of [4, 6]) {
      receive({ payload: '' });
      await vi.waitFor(() => expect(seen.readings).toHaveLength(count));
    }
    expect(seen.readings.at(-1)?.payload).toMatchObject({
      id: ID,
      name: 'NVIDIA Fake RTX 1',
      state: 'lost',
      temperatureC: null,
      alerts: { lost: true },
    });
    expect(seen.alerts.map(({ payload }) => [payload.alert, payload.isRaised])).toEqual([['lost', true]]);
    await isStatus(seen, 'red', 'gpu-lost');
  });

  it('is calm on a machine without a GPU', async () => {
    process.env.PATH = tempFolder();
    const seen = await startFlow();
    await isStatus(seen, 'grey', 'no-gpu');
    expect([seen.caught, seen.readings]).toEqual([[], []]);
  });

  it('tells trouble once to a Catch node and by its status, and when it is over', async () => {
    fake.behave({ says: 'Failed to initialize NVML: Driver/library version mismatch\n', exitCode: 18 });
    const seen = await startFlow({ interval: '1' });
    await isStatus(seen, 'red', 'driver-library-mismatch');
    await vi.waitFor(() => expect(fake.calls().length).toBeGreaterThan(2));
    expect(seen.caught.map(({ error }) => error.code)).toEqual(['driver-library-mismatch']);
    fake.behave({ gpus: [FAKE_GPU] });
    await vi.waitFor(() => expect(lastStatus(seen)).toEqual(['green', 'one']));
  });

  it('gives the error of a look to the message that asked for it', async () => {
    const seen = await startFlow();
    await vi.waitFor(() => expect(seen.readings).toHaveLength(1));
    fake.behave({ says: 'No devices were found\n', exitCode: 6 });
    receive({ payload: '', _msgid: 'asked' });
    await isStatus(seen, 'red', 'no-devices');
    fake.behave({ says: 'Failed to initialize NVML: Unknown Error\n', exitCode: 255 });
    receive({ payload: '', _msgid: 'asked' });
    await isStatus(seen, 'red', 'container-lost-device');
    expect(seen.caught.map(({ error, _msgid }) => [error.code, _msgid === 'asked'])).toEqual([
      ['no-devices', false],
      ['container-lost-device', true],
    ]);
  });

  it('says its last readings anew when another node asks', async () => {
    const seen = await startFlow();
    await vi.waitFor(() => expect(seen.readings).toHaveLength(1));
    runtimeEvents().emit('immich-bridge:state-wanted');
    await vi.waitFor(() => expect(seen.readings).toHaveLength(2));
    expect(seen.readings[1]?.payload).toEqual(seen.readings[0]?.payload);
    expect(fake.calls()).toHaveLength(1);
  });

  it('ends a hanging tool with itself, and leaves none behind', async () => {
    fake.behave({ hangs: true, ignoresTerm: true });
    const seen = await startFlow({ interval: '1' });
    await vi.waitFor(() => expect(fake.calls()).toHaveLength(1));
    receive({ payload: '' });
    receive({ payload: '' });
    await helper.unload();
    expect(fake.calls().filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(fake.calls()).toHaveLength(1);
    expect(seen.readings).toEqual([]);
  });

  it('tells a tool that is too slow in yellow, and starts it again', async () => {
    fake.behave({ hangs: true });
    const seen = await startFlow({ interval: '1', timeoutSeconds: '1' });
    await vi.waitFor(() => expect(lastStatus(seen)).toEqual(['yellow', 'timeout']));
    fake.behave({ gpus: [FAKE_GPU] });
    await vi.waitFor(() => expect(lastStatus(seen)).toEqual(['green', 'one']));
    expect(seen.caught).toEqual([]);
  });
});

it('calls a GPU by the same id over a restart, even when it sleeps then, until the node is deleted', async () => {
  const device = 'sys/bus/pci/devices/0000:01:00.0';
  write(`${device}/vendor`, '0x10de');
  write(`${device}/class`, '0x030000');
  write(`${device}/power/runtime_status`, 'active');
  const idAfterStart = async () => {
    const seen = await startFlow();
    await vi.waitFor(() => expect(seen.readings).toHaveLength(1));
    const { id, state } = seen.readings[0]?.payload ?? {};
    return [id, state];
  };
  expect(await idAfterStart()).toEqual([ID, 'ok']);
  await helper.unload();
  write(`${device}/power/runtime_status`, 'suspended');
  expect(await idAfterStart()).toEqual([ID, 'asleep']);
  expect(readdirSync(join(userDir, 'immich-bridge'))).toEqual(['gpu-n.json']);
  await helper.setFlows(TAB_WITH_CATCH, 'full');
  await vi.waitFor(() => expect(readdirSync(join(userDir, 'immich-bridge'))).toEqual([]));
});

it('says that it works again as often as it said that it does not', async () => {
  const lines: string[] = [];
  const handler = {
    emit: (_name: string, { type, msg }: { type?: string; msg?: unknown }) =>
      void (type === 'gpu-stats' && lines.push(String(msg))),
  };
  RED.log.addHandler(handler as never);
  onTestFinished(() => RED.log.removeHandler(handler as never));
  const seen = await startFlow();
  await isStatus(seen, 'green', 'one');
  for (const appsFail of ['Insufficient Permissions\n', '', 'Insufficient Permissions\n', '']) {
    fake.behave(appsFail === '' ? { gpus: [FAKE_GPU] } : { gpus: [FAKE_GPU], says: appsFail, exitCode: 4 });
    receive({ payload: '' });
    await isStatus(seen, ...(appsFail === '' ? ['green', 'one'] : ['red', 'permission-denied']));
  }
  expect(lines.filter((line) => line.endsWith('.works'))).toEqual([]);
});

it('shows that a GPU is hot even while it does not tell how hot', async () => {
  fake.behave({ gpus: [{ ...FAKE_GPU, 'temperature.gpu': '90' }] });
  const seen = await startFlow({ holdSeconds: '0' });
  await isStatus(seen, 'red', 'hot');
  fake.behave({ gpus: [{ ...FAKE_GPU, 'temperature.gpu': '[N/A]' }] });
  receive({ payload: '' });
  await vi.waitFor(() => expect(seen.readings).toHaveLength(2));
  expect(statusOf([], seen.readings.map(({ payload }) => payload).slice(1), false)).toEqual([
    'red',
    'hot',
    { temperature: '?' },
  ]);
});

describe('text of a GPU tool', () => {
  const csv = 'index, uuid, name, temperature.gpu\n0, GPU-7, Remote, 61\n';
  const pmon = '# gpu pid type sm enc command\n# Idx # C/G % % name\n 0 99 C 5 40 ffmpeg\n';

  it.each([
    ['a string', csv],
    ['a buffer, as an exec node may send it', Buffer.from(csv)],
  ])('is read from %s, and nothing is started', async (_, payload) => {
    const seen = await startFlow({ source: 'input' });
    await isStatus(seen, 'grey', 'waiting');
    receive({ payload });
    await vi.waitFor(() => expect(seen.readings).toHaveLength(1));
    expect(seen.readings[0]?.payload).toMatchObject({ id: 'GPU-7', name: 'Remote', temperatureC: 61 });
    await isStatus(seen, 'green', 'one-warm');
    receive({ payload: '' });
    await vi.waitFor(() => expect(seen.readings).toHaveLength(2));
    expect(fake.calls()).toEqual([]);
  });

  it('is read from the object that a json node made', async () => {
    const seen = await startFlow({ source: 'input' });
    receive({ payload: { card0: { 'GPU use (%)': '12', 'PCI Bus': '0000:07:00.0' } }, host: 'nas2' });
    await vi.waitFor(() => expect(seen.readings).toHaveLength(1));
    expect(seen.readings[0]?.payload).toMatchObject({
      id: 'nas2-0000:07:00.0',
      vendor: 'amd',
      loadPercent: 12,
    });
  });

  it('adds processes to the GPU that the same host told of', async () => {
    const seen = await startFlow({ source: 'input' });
    receive({ payload: csv, host: 'nas2' });
    receive({ payload: pmon, host: 'nas2' });
    receive({ payload: pmon, host: 'nas3' });
    await vi.waitFor(() => expect(seen.caught).toHaveLength(1));
    expect(seen.readings.map(({ payload }) => [payload.id, payload.temperatureC, payload.processes])).toEqual(
      [
        ['GPU-7', 61, null],
        ['GPU-7', 61, [{ pid: 99, name: 'ffmpeg', memoryBytes: null, encoderPercent: 40, owner: null }]],
      ],
    );
    expect(seen.caught[0]?.error.message).toContain('not known yet');
  });

  it('counts as old when none has come for three intervals', async () => {
    const seen = await startFlow({ source: 'input', interval: '1' });
    receive({ payload: csv });
    await isStatus(seen, 'green', 'one-warm');
    await vi.waitFor(() => expect(lastStatus(seen)).toEqual(['yellow', 'stale']));
    receive({ payload: csv });
    await isStatus(seen, 'green', 'one-warm');
  });

  it('is refused from an object that is no JSON', async () => {
    const seen = await startFlow({ source: 'input' });
    const payload: Record<string, unknown> = {};
    payload.self = payload;
    receive({ payload });
    await vi.waitFor(() => expect(seen.caught).toHaveLength(1));
    expect(seen.caught[0]?.error.message).toContain('must be the text of a GPU tool');
  });

  it('that cannot be read goes to a Catch node, and the next good one makes it well', async () => {
    const seen = await startFlow({ source: 'input' });
    receive({ payload: '+-----------------------------------------+\n| NVIDIA-SMI 595.1 |\n' });
    await isStatus(seen, 'red', 'unsupported-format');
    expect(seen.caught[0]?.error.message).toContain('the table of nvidia-smi');
    receive({ payload: csv });
    await isStatus(seen, 'green', 'one-warm');
  });
});

it.each([
  ['interval', '0.5', 'Interval'],
  ['temperatureLimit', 'hot', 'Temperature over'],
  ['source', 'usb', 'Read'],
])('refuses a setting that cannot work: %s = %s', async (field, value, label) => {
  const seen = await startFlow({ [field]: value });
  receive({ payload: '' });
  await vi.waitFor(() => expect(seen.caught).toHaveLength(1));
  expect(seen.caught[0]?.error.message).toContain(`${label}: "${value}"`);
  expect(fake.calls()).toEqual([]);
});

it('takes each setting from a variable, and its default when there is none', async () => {
  const settings = ['source', 'interval', 'processes', 'temperatureLimit', 'memoryLimit', 'encoderLimit'];
  const more = ['throttlingAlert', 'lostAlert', 'holdSeconds', 'nvidiaSmi', 'timeoutSeconds'];
  const seen = await startFlow(
    Object.fromEntries([...settings, ...more].map((name) => [name, '${NO_SUCH_VARIABLE}'])),
  );
  await vi.waitFor(() => expect(seen.readings).toHaveLength(1));
});
