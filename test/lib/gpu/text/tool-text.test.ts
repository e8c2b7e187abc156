import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GpuSample } from '../../../../lib/gpu/gpu-sample.js';
import { toolError } from '../../../../lib/gpu/text/tool-error.js';
import { parseToolText } from '../../../../lib/gpu/text/tool-text.js';
import { projectRoot } from '../../../support/node-red-process.js';

const MIB = 1_024 ** 2;
const fixture = (name: string) => readFileSync(join(projectRoot, 'test/fixtures/gpu', name), 'utf8');

function samplesOf(text: string): readonly GpuSample[] {
  const found = parseToolText(text);
  return found.kind === 'gpus' ? found.samples : [];
}

function processesOf(text: string) {
  const found = parseToolText(text);
  return found.kind === 'processes' ? found.lists : [];
}

describe('CSV of nvidia-smi --query-gpu', () => {
  it.each([
    [
      'with units',
      'index, uuid, memory.used [MiB], memory.total [MiB], power.draw [W]\n0, GPU-1, 512 MiB, 2048 MiB, 7.5 W\n',
    ],
    [
      'without units',
      'index, uuid, memory.used [MiB], memory.total [MiB], power.draw [W]\n0, GPU-1, 512, 2048, 7.5\n',
    ],
    [
      'from Windows',
      'index, uuid, memory.used [MiB], memory.total [MiB], power.draw [W]\r\n0, GPU-1, 512 MiB, 2048 MiB, 7.5 W\r\n',
    ],
    [
      'without blanks',
      'index,uuid,memory.used [MiB],memory.total [MiB],power.draw [W]\n0,GPU-1,512,2048,7.5\n',
    ],
    [
      'with other columns first',
      'power.draw [W], vbios_version, memory.total [MiB], uuid, memory.used [MiB]\n7.5 W, 9, 2048 MiB, GPU-1, 512 MiB\n',
    ],
    [
      'with a warning before it',
      'WARNING: something\nindex, uuid, memory.used [MiB], memory.total [MiB], power.draw [W]\n0, GPU-1, 512 MiB, 2048 MiB, 7.5 W\n',
    ],
  ])('is read %s', (_, text) => {
    expect(samplesOf(text)).toMatchObject([
      {
        id: 'GPU-1',
        index: 0,
        memoryUsedBytes: 512 * MIB,
        memoryTotalBytes: 2_048 * MIB,
        memoryPercent: 25,
        powerW: 7.5,
      },
    ]);
  });

  it('knows a GPU by its UUID, else by its slot, else by its place', () => {
    const ids = samplesOf(
      'index, uuid, pci.bus_id, name\n0, GPU-1, 00000000:01:00.0, A\n1, [N/A], 00000000:0C:00.0, B\n2, N/A, N/A, C\n',
    );
    expect(ids.map(({ id }) => id)).toEqual(['GPU-1', '0000:0c:00.0', 'nvidia-2']);
  });

  it('tells apart what is not known and what is 0', () => {
    const [gpu] = samplesOf(
      'uuid, fan.speed [%], utilization.gpu [%], utilization.encoder [%]\nGPU-1, [N/A], 0 %, [Not Supported]\n',
    );
    expect(gpu).toMatchObject({ fanPercent: null, loadPercent: 0, encoderPercent: null, temperatureC: null });
  });

  it('takes the power of this moment, and of the limits the enforced one', () => {
    const text =
      'uuid, power.draw.average [W], power.draw [W], power.draw.instant [W], power.limit [W], enforced.power.limit [W]\n';
    expect(samplesOf(`${text}GPU-1, 84 W, 85 W, 86 W, 320 W, 300 W\n`)).toMatchObject([
      { powerW: 86, powerLimitW: 300 },
    ]);
    expect(samplesOf(`${text}GPU-1, 84 W, 85 W, [N/A], 320 W, [N/A]\n`)).toMatchObject([
      { powerW: 85, powerLimitW: 320 },
    ]);
    expect(samplesOf(`${text}GPU-1, 84 W, [N/A], [N/A], [N/A], [N/A]\n`)).toMatchObject([
      { powerW: 84, powerLimitW: null },
    ]);
  });

  it.each([
    ['active, whatever the driver calls them', 'Active, Not Active', 'Active', ['gpu_idle', 'hw_slowdown']],
    ['none active', 'Not Active, Not Active', '[N/A]', []],
    ['none known', '[N/A], [N/A]', 'N/A', null],
  ])('names the reasons for low clocks: %s', (_, event, throttle, reasons) => {
    const text = `uuid, clocks_event_reasons.active, clocks_event_reasons.supported, clocks_event_reasons.gpu_idle, clocks_event_reasons.sw_power_cap, clocks_throttle_reasons.hw_slowdown, clocks_event_reasons_counters.sw_power_cap [us]\nGPU-1, 0x1, 0xff, ${event}, ${throttle}, 12\n`;
    expect(samplesOf(text)[0]?.throttleReasons).toEqual(reasons);
  });

  it('keeps a name that holds the separator', () => {
    expect(samplesOf('index, name, temperature.gpu\n0, Odd, very odd, 40\n')).toMatchObject([
      { name: 'Odd, very odd', temperatureC: 40 },
    ]);
  });

  it.each([
    ['no header', '0, NVIDIA RTX, 48, 12\n', 'unreadable', 'noheader'],
    ['a row that breaks off', 'index, uuid, name\n0, GPU-1, A\n1, GPU', 'partial-output', 'breaks off'],
    ['no row', 'index, uuid, name\n', 'partial-output', 'no GPU'],
  ])('is refused with %s', (_, text, kind, words) => {
    expect(() => parseToolText(text)).toThrow(
      expect.objectContaining({ kind, message: expect.stringContaining(words) }),
    );
  });
});

describe('XML of nvidia-smi -q -x', () => {
  it('is read in the old layout, each value from its own place', () => {
    expect(samplesOf(fixture('old-layout.xml'))).toEqual([
      {
        id: 'GPU-0000000a-0000-0000-0000-000000000000',
        index: 0,
        name: 'Old & Small',
        vendor: 'nvidia',
        driver: '418.00',
        state: 'ok',
        loadPercent: 98,
        encoderPercent: 12,
        decoderPercent: 0,
        memoryUsedBytes: 1_024 * MIB,
        memoryTotalBytes: 4_096 * MIB,
        memoryPercent: 25,
        temperatureC: 61,
        powerW: 119.5,
        powerLimitW: 175,
        fanPercent: 41,
        clockMhz: 1_900,
        memoryClockMhz: 3_800,
        performanceState: 'P2',
        throttleReasons: ['sw_power_cap'],
        processes: [{ pid: 31, name: 'Xorg', memoryBytes: 99 * MIB, encoderPercent: null, owner: null }],
      },
      expect.objectContaining({
        id: '0000:03:00.0',
        state: 'lost',
        problem: 'gpu-lost',
        name: null,
        processes: null,
      }),
    ]);
  });

  it('is read in the new layout, with the parts of a split GPU', () => {
    expect(samplesOf(fixture('new-layout.xml'))).toMatchObject([
      {
        driver: '610.10',
        loadPercent: null,
        memoryUsedBytes: 50 * MIB,
        memoryTotalBytes: 81_920 * MIB,
        powerW: 142.33,
        powerLimitW: 320,
        throttleReasons: ['gpu_idle'],
        processes: [],
        partitions: [
          { index: 0, memoryUsedBytes: 12 * MIB, memoryTotalBytes: 19_968 * MIB },
          { index: 1, memoryUsedBytes: null, memoryTotalBytes: 19_968 * MIB },
        ],
      },
    ]);
  });

  it('is read from a stream: the last whole document counts', () => {
    const stream = `${fixture('new-layout.xml')}${fixture('old-layout.xml')}${fixture('new-layout.xml').slice(0, 900)}`;
    expect(samplesOf(stream)[0]?.name).toBe('Old & Small');
  });

  it.each([100, 900, 2_000, -20])('is refused when it breaks off (%i)', (length) => {
    expect(() => parseToolText(fixture('old-layout.xml').slice(0, length))).toThrow(
      expect.objectContaining({ kind: 'partial-output' }),
    );
  });

  it('is refused without a GPU in it', () => {
    const text = '<?xml version="1.0" ?><nvidia_smi_log><attached_gpus>0</attached_gpus></nvidia_smi_log>';
    expect(() => parseToolText(text)).toThrow(expect.objectContaining({ kind: 'no-devices' }));
  });
});

describe('processes', () => {
  it('are read from nvidia-smi --query-compute-apps, wherever the name stands', () => {
    const text =
      'gpu_uuid, pid, process_name, used_gpu_memory [MiB]\nGPU-1, 7, /bin/a, with comma, 5 MiB\nGPU-2, 8, C:\\My Files\\b c.exe, [N/A]\n';
    expect(processesOf(text)).toEqual([
      {
        gpu: 'GPU-1',
        processes: [{ pid: 7, name: 'a,', memoryBytes: 5 * MIB, encoderPercent: null, owner: null }],
      },
      {
        gpu: 'GPU-2',
        processes: [{ pid: 8, name: 'b c.exe', memoryBytes: null, encoderPercent: null, owner: null }],
      },
    ]);
    expect(processesOf('gpu_uuid, pid, process_name\n')).toEqual([]);
  });

  it('are read from nvidia-smi pmon: of several samples the highest', () => {
    const header = '# gpu pid type sm enc command\n# Idx # C/G % % name\n';
    const text = `${header} 0 7 C 1 - NVIDIA Share.exe\n 0 7 C 1 99 NVIDIA Share.exe\n${header} 0 7 C - - NVIDIA Share.exe\n 1 - - - - -\n`;
    expect(processesOf(text)).toEqual([
      {
        gpu: 0,
        processes: [{ pid: 7, name: 'NVIDIA Share.exe', memoryBytes: null, encoderPercent: 99, owner: null }],
      },
      { gpu: 1, processes: [] },
    ]);
  });
});

describe('JSON of rocm-smi', () => {
  it('is read under all the names of its releases, and the system is no GPU', () => {
    expect(samplesOf(`WARNING: low power\n${fixture('rocm-smi.json')}`)).toMatchObject([
      {
        id: '0000:1e:00.0',
        name: null,
        driver: '6.3.6',
        loadPercent: 20.3,
        memoryPercent: 25,
        temperatureC: 39,
        powerW: null,
        powerLimitW: 170,
        fanPercent: 13,
        clockMhz: 1_269,
        memoryClockMhz: 167,
      },
      { id: '0x77', name: 'Small Radeon', temperatureC: 50, powerW: 9.2, loadPercent: null },
      { id: 'amd-2', loadPercent: null },
    ]);
  });
});

describe('JSON of intel_gpu_top', () => {
  const frame = (busy: number) =>
    JSON.stringify({
      period: { duration: 1_000 },
      frequency: { actual: 300 },
      power: { GPU: 2.5, Package: 9 },
      engines: { 'Render/3D/0': { busy }, 'Video/0': { busy: 3 }, 'Video/1': { busy: 120 } },
      clients: { '42': { name: 'ffmpeg {x', pid: '7', 'engine-classes': { Video: { busy: '40.5' } } } },
    });

  it.each([
    ['as a list', `[${frame(0)},\n${frame(12)}]`],
    ['as a list that goes on', `[\n${frame(0)},\n${frame(12)},\n`],
    ['as bare objects', `${frame(0)}\n${frame(12)}\n`],
    ['with a tail that breaks off', `${frame(0)}${frame(12)}{"period": {"du`],
  ])('is read %s: the last whole frame counts', (_, text) => {
    expect(samplesOf(text)).toMatchObject([
      {
        id: 'intel-0',
        loadPercent: 12,
        encoderPercent: 100,
        powerW: 2.5,
        clockMhz: 300,
        processes: [{ pid: 7, name: 'ffmpeg', encoderPercent: 40.5 }],
      },
    ]);
  });

  it('is refused when no frame is whole', () => {
    expect(() => parseToolText('[\n{"period": {"duration"')).toThrow(
      expect.objectContaining({ kind: 'partial-output' }),
    );
  });
});

describe('a text for people', () => {
  it.each([
    [
      'the table of nvidia-smi',
      'Mon Jan  1\n+-----------------------------------------+\n| NVIDIA-SMI 550.1  |\n',
    ],
    ['the plain text of "nvidia-smi -q"', '==============NVSMI LOG==============\nTimestamp : x\n'],
    ['"nvidia-smi dmon"', '# gpu    pwr  gtemp\n# Idx      W      C\n    0     10     40\n'],
    ['"nvidia-smi -L"', 'GPU 0: NVIDIA A10 (UUID: GPU-1)\n'],
    ['tegrastats', 'RAM 2448/3964MB (lfb 1x1MB) CPU [1%@102] GR3D_FREQ 0%@76\n'],
    ['"hello"', 'hello\n'],
    ['"{"a":1}"', '{"a":1}'],
  ])('is refused with what to send in its place: %s', (what, text) => {
    const message = expect.stringMatching(/--query-gpu/);
    expect(() => parseToolText(text)).toThrow(
      expect.objectContaining({ kind: 'unsupported-format', message }),
    );
    expect(() => parseToolText(text)).toThrow(what);
  });

  it('is refused when it is far too long', () => {
    expect(() => parseToolText('x'.repeat(5_000_000))).toThrow(
      expect.objectContaining({ kind: 'unsupported-format' }),
    );
  });
});

it.each([
  ['quotes that never end', `{"${'\\"'.repeat(100_000)}`],
  ['brackets', '['.repeat(200_000)],
  ['brackets in a header', `index${'[a'.repeat(100_000)}, name\n0, x\n`],
  ['brackets in a row', `index, name\n0, ${'['.repeat(200_000)}\n`],
  ['the name of a library', 'libnvidia-ml.so'.repeat(14_000)],
  ['lists that never end', `<nvidia_smi_log>${'<supported_clocks>'.repeat(40_000)}</nvidia_smi_log>`],
  ['comments that never end', `<nvidia_smi_log>${'<!--a>'.repeat(33_000)}</nvidia_smi_log>`],
  [
    'elements in elements',
    `<nvidia_smi_log>${'<a>'.repeat(28_000)}${'</a>'.repeat(28_000)}</nvidia_smi_log>`,
  ],
])('takes no longer for hostile text than for its length, and has a sentence for it: %s', (_, text) => {
  const started = performance.now();
  try {
    parseToolText(text);
  } catch (error) {
    expect(error).toMatchObject({ name: 'GpuError' });
  }
  expect(performance.now() - started).toBeLessThan(15_000);
});

it.each([
  ['GPU 0000:0B:00.0: Unknown Error', '0000:0b:00.0'],
  ['GPU0000:0B:00.0: Unknown Error', '0000:0b:00.0'],
  ['GPU0: 0000:0B:00.0: Unknown Error', '0000:0b:00.0'],
  ['GPU 00000000:0B:00.0: GPU is lost.', '0000:0b:00.0'],
  ['gpu 3', null],
])('knows which GPU is lost: Unable to determine the device handle for %s', (which, slot) => {
  const error = toolError(`Unable to determine the device handle for ${which}`);
  expect([error?.kind, error?.about]).toEqual(['gpu-lost', slot]);
});
