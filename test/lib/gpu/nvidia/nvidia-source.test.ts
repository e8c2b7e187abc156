import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { GpuSource } from '../../../../lib/gpu/gpu-source.js';
import { createNvidiaSource, type NvidiaSourceOptions } from '../../../../lib/gpu/nvidia/nvidia-source.js';
import { startTool } from '../../../../lib/gpu/tool/tool-process.js';
import {
  FAKE_GPU,
  type FakeBehaviour,
  type FakeGpu,
  type FakeNvidiaSmi,
  fakeNvidiaSmi,
  isAlive,
  OTHER_GPU,
} from '../../../support/fake-nvidia-smi.js';
import { tempFolder } from '../../../support/world.js';

const ID = 'GPU-11111111-2222-3333-4444-555555555555';
const OTHER_ID = 'GPU-99999999-2222-3333-4444-555555555555';

/** A source on the fake, closed after the test. */
function sourceOn(fake: FakeNvidiaSmi, options: Partial<NvidiaSourceOptions> = {}): GpuSource {
  const ending = new AbortController();
  const source = createNvidiaSource({
    root: tempFolder(),
    intervalMs: 50,
    timeoutMs: 5_000,
    env: fake.env,
    signal: ending.signal,
    ...options,
  });
  onTestFinished(async () => {
    ending.abort();
    await source.close();
  });
  return source;
}

/** A folder with the GPUs of a PCI bus. */
function busWith(devices: Record<string, { status?: string; control?: string; vendor?: string }>): string {
  const root = tempFolder();
  for (const [slot, { status = 'active', control = 'on', vendor = '0x10de' }] of Object.entries(devices)) {
    const write = (file: string, text: string) => {
      const path = join(root, 'sys/bus/pci/devices', slot, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${text}\n`);
    };
    write('vendor', vendor);
    write('class', '0x030000');
    write('power/runtime_status', status);
    write('power/control', control);
  }
  return root;
}

async function samplesOf(source: GpuSource) {
  return (await source.look()).samples ?? [];
}

describe('nvidia-smi', () => {
  it('is asked once a look, and its columns are found by their names', async () => {
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU], isReversed: true });
    expect(await samplesOf(sourceOn(fake))).toEqual([
      {
        id: ID,
        index: 0,
        name: 'NVIDIA Fake RTX 1',
        vendor: 'nvidia',
        driver: '595.10',
        state: 'ok',
        loadPercent: 7,
        encoderPercent: 72,
        decoderPercent: 0,
        memoryUsedBytes: 4_000 * 1_024 * 1_024,
        memoryTotalBytes: 16_000 * 1_024 * 1_024,
        memoryPercent: 25,
        temperatureC: 46,
        powerW: 86.41,
        powerLimitW: 320,
        fanPercent: 30,
        clockMhz: 2_805,
        memoryClockMhz: 11_251,
        performanceState: 'P2',
        throttleReasons: [],
        processes: null,
      },
    ]);
    expect(fake.calls()).toHaveLength(1);
  });

  it('is asked without the fields that its driver does not know, from then on', async () => {
    const unknownFields = ['gpu_recovery_action', 'power.draw.instant', 'mig.mode.current'];
    const fake = fakeNvidiaSmi({ gpus: [{ ...FAKE_GPU, 'power.draw': 80.5 }], unknownFields });
    const source = sourceOn(fake);
    expect(await samplesOf(source)).toMatchObject([{ id: ID, powerW: 80.5 }]);
    expect(fake.calls()).toHaveLength(4);
    await source.look();
    expect(fake.calls()).toHaveLength(5);
  });

  it('is asked in the old words by which drivers before 535 call the reasons', async () => {
    const unknownFields = ['clocks_event_reasons.gpu_idle'];
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU], unknownFields });
    expect(await samplesOf(sourceOn(fake))).toMatchObject([{ throttleReasons: ['sw_power_cap'] }]);
    expect(fake.calls()).toHaveLength(2);
  });

  it('is asked for all fields again when another driver answers', async () => {
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU], unknownFields: ['fan.speed'] });
    const source = sourceOn(fake);
    await source.look();
    fake.behave({ gpus: [{ ...FAKE_GPU, driver_version: '600.1' }] });
    expect(await samplesOf(source)).toMatchObject([{ fanPercent: null }]);
    expect(await samplesOf(source)).toMatchObject([{ fanPercent: 30 }]);
  });

  it('is given up when it knows no field at all', async () => {
    const fake = fakeNvidiaSmi({ says: 'Field "name" is not a valid field to query.\n', exitCode: 2 });
    await expect(sourceOn(fake).look()).rejects.toMatchObject({
      kind: 'unsupported-query-field',
      about: 'name',
    });
    expect(fake.calls()).toHaveLength(1);
  });

  it('tells a GPU that it lost in one row, and the others', async () => {
    const lost = { ...OTHER_GPU, 'utilization.gpu': '[GPU is lost]', 'temperature.gpu': '[GPU is lost]' };
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU, lost] });
    expect(await samplesOf(sourceOn(fake))).toMatchObject([
      { id: ID, state: 'ok', temperatureC: 46 },
      { id: OTHER_ID, state: 'lost', problem: 'gpu-lost', temperatureC: null },
    ]);
  });

  it('tells the others when a lost GPU makes the whole question fail', async () => {
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU, OTHER_GPU] });
    const source = sourceOn(fake);
    await source.look();
    fake.behave({ gpus: [FAKE_GPU, { ...OTHER_GPU, isLost: true }] });
    expect(await samplesOf(source)).toMatchObject([
      { id: ID, state: 'ok' },
      { id: OTHER_ID, state: 'lost', name: 'NVIDIA Fake RTX 2', loadPercent: null },
    ]);
    expect(fake.calls().at(-1)?.args.at(-1)).toBe('--id=0000:01:00.0');
  });

  it('tells a GPU that needs a reset, and one with an error in a field', async () => {
    const gpus = [
      { ...FAKE_GPU, gpu_recovery_action: 'Reset' },
      { ...OTHER_GPU, 'fan.speed': '[Unknown Error]' },
    ];
    expect(await samplesOf(sourceOn(fakeNvidiaSmi({ gpus })))).toMatchObject([
      { id: ID, state: 'ok', problem: 'gpu-needs-reset' },
      { id: OTHER_ID, state: 'ok', problem: 'field-error', fanPercent: null },
    ]);
  });

  it('knows which GPU it lost without its slot when there is only one', async () => {
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU] });
    const source = sourceOn(fake);
    await source.look();
    fake.behave({ says: 'Unable to determine the device handle for gpu 0: Unknown Error\n', exitCode: 15 });
    expect(await source.look()).toMatchObject({
      samples: [{ id: ID, state: 'lost', problem: 'gpu-lost' }],
      problem: null,
    });
  });

  it('is not asked for the processes of a GPU that it lost', async () => {
    const fake = fakeNvidiaSmi({ gpus: [{ ...FAKE_GPU, isLost: true }] });
    const options = { root: busWith({ '0000:01:00.0': {} }), hasProcesses: true };
    expect(await sourceOn(fake, options).look()).toMatchObject({
      samples: [{ state: 'lost' }],
      problem: null,
    });
    expect(fake.calls()).toHaveLength(1);
  });

  it('has lost all its GPUs when the driver finds none any more', async () => {
    const fake = fakeNvidiaSmi();
    const source = sourceOn(fake);
    await source.look();
    fake.behave({ says: 'No devices were found\n', exitCode: 6 });
    expect(await source.look()).toMatchObject({ samples: [], problem: { kind: 'no-devices' } });
  });

  it.each<[string, FakeBehaviour, string]>([
    [
      'a driver that is not loaded',
      {
        says: "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n",
        exitCode: 9,
      },
      'driver-not-loaded',
    ],
    [
      'a library that is missing',
      { says: "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.\n", exitCode: 12 },
      'nvml-library-missing',
    ],
    [
      'two versions of the driver',
      {
        says: 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.1\n',
        exitCode: 18,
      },
      'driver-library-mismatch',
    ],
    [
      'a container that lost its device',
      { saysOnStderr: 'Failed to initialize NVML: Unknown Error\n', exitCode: 255 },
      'container-lost-device',
    ],
    [
      'missing rights',
      { says: 'Failed to initialize NVML: Insufficient Permissions\n', exitCode: 4 },
      'permission-denied',
    ],
    ['no devices', { says: 'No devices were found\n' }, 'no-devices'],
    [
      'all GPUs lost',
      { says: 'Unable to determine the device handle for GPU0: 0000:01:00.0: GPU is lost.\n', exitCode: 15 },
      'gpu-lost',
    ],
    ['garbage', { says: '\u0007\u0000<<>>\n' }, 'unreadable'],
    ['nothing', { says: '' }, 'unreadable'],
    ['a row that breaks off', { says: 'index, uuid, name\n0, GPU-1\n' }, 'partial-output'],
    ['a header alone', { says: 'index, uuid, name\n' }, 'partial-output'],
    ['a crash', { dies: true }, 'tool-failed'],
    ['an unknown failure', { says: 'Segmentation fault in module 7\n', exitCode: 42 }, 'tool-failed'],
  ])('names the trouble: %s', async (_, behaviour, kind) => {
    const error = await sourceOn(fakeNvidiaSmi(behaviour))
      .look()
      .then(
        ({ samples, problem }) => (samples?.[0]?.state === 'lost' ? { kind: 'gpu-lost' } : problem),
        (reason) => reason,
      );
    expect(error).toMatchObject({ kind });
  });

  it('is a missing program where there is an NVIDIA GPU', async () => {
    const env = { PATH: tempFolder() };
    const options = { env, usualFolders: [], root: busWith({ '0000:01:00.0': {} }) };
    await expect(sourceOn(fakeNvidiaSmi(), options).look()).rejects.toMatchObject({ kind: 'binary-missing' });
  });

  it.each<[string, Partial<NvidiaSourceOptions>, FakeBehaviour]>([
    ['without the program', { env: { PATH: '' }, usualFolders: [] }, {}],
    ['with a driver that finds none', {}, { says: 'No devices were found\n', exitCode: 6 }],
    [
      'with a tool without a driver',
      {},
      { says: "couldn't communicate with the NVIDIA driver\n", exitCode: 9 },
    ],
    [
      'with a tool without its library',
      {},
      { says: "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.\n", exitCode: 12 },
    ],
  ])('is no trouble on a machine that has no NVIDIA GPU, %s', async (_, options, behaviour) => {
    const root = busWith({ '0000:02:00.0': { vendor: '0x8086' } });
    const source = sourceOn(fakeNvidiaSmi(behaviour), { root, ...options });
    expect(await source.look()).toEqual({ samples: null, problem: null });
  });

  it('that was chosen by its path and is not there is trouble', async () => {
    const program = join(tempFolder(), 'nvidia-smi');
    await expect(sourceOn(fakeNvidiaSmi(), { program }).look()).rejects.toMatchObject({
      kind: 'binary-missing',
    });
  });
});

describe('a sleeping GPU', () => {
  it('is not asked, and keeps the id that it had', async () => {
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU] });
    const root = busWith({ '0000:01:00.0': {} });
    const source = sourceOn(fake, { root });
    await source.look();
    const status = join(root, 'sys/bus/pci/devices/0000:01:00.0/power/runtime_status');
    writeFileSync(status, 'suspended\n');
    expect(await samplesOf(source)).toMatchObject([{ id: ID, state: 'asleep', temperatureC: null }]);
    expect(fake.calls()).toHaveLength(1);
    writeFileSync(status, 'active\n');
    expect(await samplesOf(source)).toMatchObject([{ id: ID, state: 'ok' }]);
  });

  it('is known by its slot until it was awake once, and keeps that', async () => {
    const root = busWith({ '0000:01:00.0': { status: 'suspended' } });
    const source = sourceOn(fakeNvidiaSmi(), { root });
    expect(await samplesOf(source)).toMatchObject([
      { id: '0000:01:00.0', state: 'asleep', vendor: 'nvidia' },
    ]);
    writeFileSync(join(root, 'sys/bus/pci/devices/0000:01:00.0/power/runtime_status'), 'active\n');
    expect(await samplesOf(source)).toMatchObject([{ id: '0000:01:00.0', state: 'ok', temperatureC: 46 }]);
  });

  describe('over a restart', () => {
    const slotA = '0000:01:00.0';
    const slotB = '0000:41:00.0';
    const asleep = { status: 'suspended' };
    /** Looks once, as after a start, and answers with what was told: the id of each slot, and what is kept. */
    async function start(
      gpus: readonly FakeGpu[],
      bus: Parameters<typeof busWith>[0],
      known?: NvidiaSourceOptions['known'],
    ) {
      let kept = known;
      const keep = (next: NvidiaSourceOptions['known']) => {
        kept = next;
      };
      const source = sourceOn(fakeNvidiaSmi({ gpus }), { root: busWith(bus), known, keep });
      const samples = await samplesOf(source);
      return { told: samples.map(({ id, name, state }) => [id, name, state]), kept };
    }

    it('has the id and the name that it had when it was awake', async () => {
      const { kept } = await start([FAKE_GPU], { [slotA]: {} });
      const { told } = await start([], { [slotA]: asleep }, JSON.parse(JSON.stringify(kept)));
      expect(told).toEqual([[ID, 'NVIDIA Fake RTX 1', 'asleep']]);
    });

    it('has the id that it had when it was asleep', async () => {
      const { kept } = await start([], { [slotA]: asleep });
      const { told } = await start([FAKE_GPU], { [slotA]: {} }, JSON.parse(JSON.stringify(kept)));
      expect(told).toEqual([[slotA, 'NVIDIA Fake RTX 1', 'ok']]);
    });

    it('has an id of its own when it is another card in the same slot', async () => {
      const { kept } = await start([FAKE_GPU], { [slotA]: {} });
      const other = { ...OTHER_GPU, 'pci.bus_id': FAKE_GPU['pci.bus_id'] ?? '' };
      const { told } = await start([other], { [slotA]: {} }, kept);
      expect(told).toEqual([[OTHER_ID, 'NVIDIA Fake RTX 2', 'ok']]);
    });

    it('does not have the id of a card that was moved to another slot', async () => {
      const { kept } = await start([FAKE_GPU], { [slotA]: {} });
      const moved = { ...FAKE_GPU, 'pci.bus_id': OTHER_GPU['pci.bus_id'] ?? '' };
      const { told } = await start([moved], { [slotA]: asleep, [slotB]: {} }, kept);
      expect(told).toEqual([
        [ID, 'NVIDIA Fake RTX 1', 'ok'],
        [slotA, null, 'asleep'],
      ]);
    });

    it('is not missed when it was taken out meanwhile', async () => {
      const { kept } = await start([FAKE_GPU], { [slotA]: {} });
      const root = busWith({ '0000:02:00.0': { vendor: '0x8086' } });
      const fake = fakeNvidiaSmi({ says: 'No devices were found\n', exitCode: 6 });
      expect(await sourceOn(fake, { root, known: kept }).look()).toEqual({ samples: null, problem: null });
    });
  });

  it('does not wake for the processes of another', async () => {
    const root = busWith({ '0000:01:00.0': { status: 'suspended' }, '0000:41:00.0': {} });
    const split = { ...OTHER_GPU, 'mig.mode.current': 'Enabled' };
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU, split] });
    await sourceOn(fake, { root, hasProcesses: true, hasEncoderByProcess: true }).look();
    expect(fake.calls().map(({ args }) => args.at(-1))).toEqual(Array(4).fill('--id=0000:41:00.0'));
  });

  it('does not keep another from being asked', async () => {
    const root = busWith({ '0000:01:00.0': { status: 'suspended' }, '0000:41:00.0': {} });
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU, OTHER_GPU] });
    expect(await samplesOf(sourceOn(fake, { root }))).toMatchObject([
      { id: OTHER_ID, state: 'ok' },
      { id: '0000:01:00.0', state: 'asleep' },
    ]);
    expect(fake.calls()[0]?.args.at(-1)).toBe('--id=0000:41:00.0');
  });
});

describe('processes', () => {
  const apps: FakeGpu[] = [
    {
      gpu_uuid: ID,
      pid: 4242,
      used_gpu_memory: 503,
      process_name: '/opt/ml/python -m immich_ml --key=secret',
    },
    { gpu_uuid: ID, pid: 4243, process_name: 'ffmpeg, the second' },
  ];
  const pmon = [
    '# gpu        pid  type    fb    sm   mem   enc   dec   command',
    '# Idx          #   C/G    MB     %     %     %     %   name',
    '    0       4243     C   120     1     0     -     -   ffmpeg',
    '    0       4243     C   120     1     0    99     -   ffmpeg',
    '    0       4243     C   120     1     0     -     -   ffmpeg',
    '    0       1696     G    30     -     -     -     -   gnome-shell',
  ].join('\n');

  it('are told by base name, with the encoder and with the unit or container', async () => {
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU, OTHER_GPU], apps, pmon });
    const root = tempFolder();
    mkdirSync(join(root, 'proc/4242'), { recursive: true });
    writeFileSync(join(root, 'proc/4242/cgroup'), '0::/system.slice/immich-machine-learning.service\n');
    const source = sourceOn(fake, { root, hasProcesses: true, hasEncoderByProcess: true });
    const [first, second] = await samplesOf(source);
    expect(first?.processes).toEqual([
      {
        pid: 4242,
        name: 'python',
        memoryBytes: 503 * 1_024 ** 2,
        encoderPercent: null,
        owner: 'immich-machine-learning',
      },
      { pid: 4243, name: 'ffmpeg,', memoryBytes: 120 * 1_024 ** 2, encoderPercent: 99, owner: null },
      { pid: 1696, name: 'gnome-shell', memoryBytes: 30 * 1_024 ** 2, encoderPercent: null, owner: null },
    ]);
    expect(second?.processes).toEqual([]);
    expect(JSON.stringify(first)).not.toContain('secret');
  });

  it('that could not be asked for are null, not none, and the reading stays', async () => {
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU], appsFail: 'Failed to query: Insufficient Permissions\n' });
    const { samples, problem } = await sourceOn(fake, { hasProcesses: true }).look();
    expect(samples).toMatchObject([{ id: ID, temperatureC: 46, processes: null }]);
    expect(problem).toMatchObject({ kind: 'permission-denied' });
  });

  it('and parts of a split GPU come from the whole document', async () => {
    const xml = `<?xml version="1.0" ?><!DOCTYPE nvidia_smi_log SYSTEM "x.dtd"><nvidia_smi_log><gpu id="1">
      <mig_mode><current_mig>Enabled</current_mig></mig_mode>
      <mig_devices><mig_device><index>0</index><fb_memory_usage><total>100 MiB</total><used>5 MiB</used></fb_memory_usage></mig_device></mig_devices>
      <uuid>${ID}</uuid><fb_memory_usage><total>16000 MiB</total><used>50 MiB</used></fb_memory_usage>
      <processes><process_info><pid>7</pid><process_name>python</process_name><used_memory>5 MiB</used_memory></process_info></processes>
      </gpu></nvidia_smi_log>`;
    const fake = fakeNvidiaSmi({ gpus: [{ ...FAKE_GPU, 'mig.mode.current': 'Enabled' }], xml });
    expect(await samplesOf(sourceOn(fake, { hasProcesses: true }))).toMatchObject([
      {
        id: ID,
        partitions: [{ index: 0, memoryUsedBytes: 5 * 1_024 ** 2, memoryTotalBytes: 100 * 1_024 ** 2 }],
        processes: [{ pid: 7, name: 'python' }],
      },
    ]);
  });
});

describe('a slow start', () => {
  const slow = { ...FAKE_GPU, persistence_mode: 'Disabled' };
  const loops = (fake: FakeNvidiaSmi) =>
    fake.calls().filter(({ args }) => args.some((arg) => arg.startsWith('--loop-ms')));

  it('makes one child stay, which goes on to answer', async () => {
    const fake = fakeNvidiaSmi({ gpus: [slow, OTHER_GPU] });
    // An answer is taken as long as it is younger than three intervals.
    const source = sourceOn(fake, { slowMs: 0, intervalMs: 10_000 });
    await source.look();
    fake.behave({ gpus: [{ ...slow, 'temperature.gpu': '50' }, OTHER_GPU] });
    for (let look = 0; look < 5; look += 1) {
      expect(await samplesOf(source)).toMatchObject([{ id: ID }, { id: OTHER_ID }]);
    }
    expect(fake.calls()).toHaveLength(2);
    await source.close();
    const [child] = loops(fake);
    await vi.waitFor(() => expect(isAlive(child?.pid ?? 0)).toBe(false));
  });

  it('is left alone in persistence mode, and where the GPU may sleep', async () => {
    const fake = fakeNvidiaSmi({ gpus: [FAKE_GPU] });
    await sourceOn(fake, { slowMs: 0 }).look();
    const root = busWith({ '0000:01:00.0': { control: 'auto' } });
    await sourceOn(fake, { slowMs: 0, root }).look();
    expect(loops(fake)).toEqual([]);
  });

  it('goes back to single starts when the child dies, and begins anew', async () => {
    const fake = fakeNvidiaSmi({ gpus: [slow], loopTicks: 1, loopDies: true });
    const source = sourceOn(fake, { slowMs: 0, intervalMs: 1_000 });
    await source.look();
    await vi.waitFor(async () => {
      expect(await samplesOf(source)).toMatchObject([{ id: ID }]);
      expect(loops(fake).length).toBeGreaterThan(1);
    });
  });

  it('is told as stale when the child stops to answer, which is then ended', async () => {
    const fake = fakeNvidiaSmi({ gpus: [slow], loopTicks: 1 });
    const source = sourceOn(fake, { slowMs: 0 });
    await source.look();
    await vi.waitFor(() => expect(source.look()).rejects.toMatchObject({ kind: 'stale' }));
    await vi.waitFor(() => expect(loops(fake).filter(({ pid }) => isAlive(pid))).toEqual([]));
    expect(await samplesOf(source)).toMatchObject([{ id: ID }]);
  });

  it('leaves no child behind when the source is closed at the same time', async () => {
    const fake = fakeNvidiaSmi({ gpus: [slow] });
    const ending = new AbortController();
    const started = vi.fn(startTool);
    const start: typeof startTool = (what, events) =>
      started(what, {
        ...events,
        onEnd(exitCode) {
          events.onEnd(exitCode);
          // The answer is there, and what is made of it is not.
          queueMicrotask(() => ending.abort());
        },
      });
    const source = sourceOn(fake, { slowMs: 0, signal: ending.signal, start });
    await expect(source.look()).rejects.toBeInstanceOf(Error);
    await source.close();
    expect(started).toHaveBeenCalledTimes(1);
  });

  it('starts no second one beside a child that cannot be ended', async () => {
    // A process in the kernel's hands cannot be made for a test: here the one who kills does nothing.
    const start: typeof startTool = (what, events) =>
      Object.assign(startTool(what, events), { kill: () => {} });
    const fake = fakeNvidiaSmi({ gpus: [slow], loopTicks: 1 });
    const source = sourceOn(fake, { slowMs: 0, start, reapMs: 20 });
    await source.look();
    await vi.waitFor(() => expect(source.look()).rejects.toMatchObject({ kind: 'stale' }));
    for (let look = 0; look < 3; look += 1) {
      await expect(source.look()).rejects.toMatchObject({ kind: 'hung', willPass: false });
    }
    const [child] = await vi.waitFor(() => {
      expect(loops(fake)).toHaveLength(1);
      return loops(fake);
    });
    expect(fake.calls()).toHaveLength(2);
    process.kill(child!.pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await samplesOf(source)).toMatchObject([{ id: ID }]));
    for (const { pid } of loops(fake)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
});
