import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GpuError } from '../../../../lib/gpu/gpu-error.js';
import { BYTES_PER_MIB, type GpuSample, pciSlot } from '../../../../lib/gpu/gpu-sample.js';
import { createSysfsSource } from '../../../../lib/gpu/sysfs/sysfs-source.js';
import { parsePmonRows } from '../../../../lib/gpu/text/pmon.js';
import { toolError } from '../../../../lib/gpu/text/tool-error.js';
import { parseToolText, type ToolText } from '../../../../lib/gpu/text/tool-text.js';
import { tempFolder } from '../../../support/world.js';

/** A folder with the output of real tools and trees of real machines; where it is unset these tests say "skipped". */
const corpus = process.env.GPU_CORPUS ?? '';
const listed = (folder: string, pattern: RegExp) =>
  corpus === '' ? [''] : readdirSync(join(corpus, folder)).filter((name) => pattern.test(name));
const read = (...path: string[]) => readFileSync(join(corpus, ...path), 'utf8');

type Json = Record<string, unknown>;
interface ExpectedGpu extends Json {
  readonly utilization: Record<string, number | null>;
  readonly memory: Record<string, number | null>;
  readonly power: { readonly drawW: number | null; readonly limitW: number | null };
  readonly clocksMHz: Record<string, number | null>;
}

function samplesIn(found: ToolText): readonly GpuSample[] {
  return found.kind === 'gpus' ? found.samples : [];
}

async function samplesOfTree(file: string): Promise<readonly GpuSample[]> {
  const { files } = JSON.parse(read(file)) as { files: Record<string, string> };
  const root = tempFolder();
  for (const [path, content] of Object.entries(files)) {
    const target = join(root, 'sys/class/drm', path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
  return (await createSysfsSource({ root }).look()).samples ?? [];
}

/** What a reading tells, in the shape and the units of an expected example. */
function asExpected(sample: GpuSample): Json {
  const mebibytes = (bytes: number | null) => bytes && bytes / BYTES_PER_MIB;
  return {
    id: sample.id,
    load: sample.loadPercent,
    total: mebibytes(sample.memoryTotalBytes),
    used: mebibytes(sample.memoryUsedBytes),
    temperature: sample.temperatureC,
    draw: sample.powerW,
    limit: sample.powerLimitW,
    fan: sample.fanPercent,
    clock: sample.clockMhz,
    memoryClock: sample.memoryClockMhz,
  };
}

describe.skipIf(corpus === '')('the output of real tools (needs GPU_CORPUS)', () => {
  it.each(['nvidia/smi-query-gpu-load-rtx4080s-595.71.csv', 'nvidia/xml-v12-525.125-quadro-p2000.xml'])(
    'is read as expected: %s',
    (file) => {
      const { gpus } = JSON.parse(read('expected-examples', `${basename(file)}.json`)) as {
        gpus: ExpectedGpu[];
      };
      const samples = samplesIn(parseToolText(read(file)));
      expect(samples.map(asExpected)).toEqual(
        gpus.map((gpu) => ({
          id: gpu.uuid,
          load: gpu.utilization.gpu,
          total: gpu.memory.totalMiB,
          used: gpu.memory.usedMiB,
          temperature: gpu.temperatureC,
          draw: gpu.power.drawW,
          limit: gpu.power.limitW,
          fan: gpu.fanPercent,
          clock: gpu.clocksMHz.graphics,
          memoryClock: gpu.clocksMHz.memory,
        })),
      );
      expect(samples).toMatchObject(
        gpus.map((gpu, index) => ({
          index,
          name: gpu.name,
          encoderPercent: gpu.utilization.encoder,
          decoderPercent: gpu.utilization.decoder,
          performanceState: gpu.pstate,
          throttleReasons: gpu.throttleReasons,
          processes: gpu.processes ?? null,
        })),
      );
    },
  );

  it('is read as expected: pmon', () => {
    const file = 'smi-pmon-load-rtx4080s-595.71.txt';
    const { rowCount, processRows } = JSON.parse(read('expected-examples', `${file}.json`));
    const rows = parsePmonRows(read('nvidia', file));
    expect(rows).toHaveLength(rowCount);
    expect(rows.map(({ gpu, pid, command, numbers }) => ({ gpu, pid, command, ...numbers }))).toEqual(
      processRows.map(({ type: _, ...row }: Json) => row),
    );
  });

  it('is read as expected: intel_gpu_top', () => {
    const file = 'intel_gpu_top-J-stream-bare.jsonstream';
    const { last } = JSON.parse(read('expected-examples', `${file}.json`));
    expect(samplesIn(parseToolText(read('intel', file)))).toMatchObject([
      {
        loadPercent: last.engines['Render/3D'],
        encoderPercent: last.engines.Video,
        clockMhz: last.frequencyMHz,
        powerW: last.powerGpuW,
        processes: last.clients.map(({ pid, name, busy }: Record<string, Record<string, number>>) => ({
          pid,
          name,
          encoderPercent: busy?.Video,
        })),
      },
    ]);
  });

  it('is read as expected: a tree of /sys', async () => {
    const { gpus } = JSON.parse(read('expected-examples/sysfs-rx580.json.json')) as { gpus: ExpectedGpu[] };
    expect((await samplesOfTree('amd/sysfs-rx580.json')).map(asExpected)).toEqual(
      gpus.map((gpu) => ({
        id: gpu.pciSlot,
        load: gpu.utilization.gpu,
        total: gpu.memory.totalMiB,
        used: gpu.memory.usedMiB,
        temperature: (gpu.temperaturesC as Json).edge,
        draw: gpu.power.drawW,
        limit: gpu.power.limitW,
        fan: gpu.fanPwmPercent,
        clock: gpu.clocksMHz.sclk,
        memoryClock: gpu.clocksMHz.mclk,
      })),
    );
  });

  it.each(listed('nvidia', /^(?:xml-|smi-query-gpu-(?:idle|load))/))('has GPUs with a UUID: %s', (file) => {
    const samples = samplesIn(parseToolText(read('nvidia', file)));
    expect(samples.length).toBe(/-2x-/.test(file) ? 2 : 1);
    for (const sample of samples) {
      expect(sample).toMatchObject({
        vendor: 'nvidia',
        state: 'ok',
        id: expect.stringMatching(/^GPU-[0-9a-f-]{36}$/),
      });
      const { temperatureC, memoryTotalBytes, powerW, powerLimitW, throttleReasons, problem } = sample;
      expect([temperatureC, memoryTotalBytes, powerW, powerLimitW, throttleReasons]).not.toContain(null);
      expect(problem).toBeUndefined();
    }
  });

  it('knows the parts of a split GPU, whose load is not known', () => {
    const [gpu] = samplesIn(parseToolText(read('nvidia/xml-v12-535.54-a100-mig.xml')));
    expect(gpu).toMatchObject({ loadPercent: null, memoryTotalBytes: 81_920 * BYTES_PER_MIB });
    expect(gpu?.partitions?.map(({ memoryTotalBytes }) => memoryTotalBytes)).toEqual(
      Array(4).fill(19_968 * BYTES_PER_MIB),
    );
  });

  it.each(listed('nvidia', /^smi-(?:pmon|compute-apps)/))('has processes by base name: %s', (file) => {
    const found = parseToolText(read('nvidia', file));
    const lists = found.kind === 'processes' ? found.lists : [];
    for (const { pid, name } of lists.flatMap(({ processes }) => processes)) {
      expect(pid).toBeGreaterThan(0);
      expect(name).toMatch(/^[^\\/]+$/);
    }
    if (file.includes('load')) expect(lists.flatMap(({ processes }) => processes).length).toBeGreaterThan(1);
  });

  it.each(listed('amd', /^rocm-smi-.*\.json$/))('has cards: %s', (file) => {
    const cards = Object.keys(JSON.parse(read('amd', file))).filter((key) => key.startsWith('card'));
    const samples = samplesIn(parseToolText(read('amd', file)));
    expect(samples).toHaveLength(cards.length);
    for (const sample of samples) {
      expect(sample.vendor).toBe('amd');
      expect([sample.loadPercent, sample.temperatureC, sample.memoryPercent]).not.toContain(null);
    }
  });

  it.each([
    ...listed('amd', /^sysfs-/).map((name) => `amd/${name}`),
    ...listed('intel', /^sysfs-/).map((name) => `intel/${name}`),
  ])('is a machine with one card: %s', async (file) => {
    const [sample, ...others] = await samplesOfTree(file);
    expect(others).toEqual([]);
    expect(sample).toMatchObject({ state: 'ok', vendor: dirname(file) });
    expect(sample?.id).toBe(pciSlot(sample?.id ?? ''));
    expect(sample?.clockMhz).not.toBeNull();
    if (file.startsWith('amd')) expect(sample?.temperatureC).toBeGreaterThan(20);
  });

  it.each([
    ...listed(
      'nvidia',
      /^(?:smi-table|smi-list|smi-version|smi-dmon|smi-q-|smi-help|smi-query-gpu-fields|nvtop)/,
    ),
    'rocm-smi-concise-old.txt',
    'fdinfo-xe-dg2-kerneldoc.txt',
  ])('is refused in words when it is made for people, or for none of our sources: %s', (file) => {
    const folder = ['nvidia', 'amd', 'intel'].find((name) => existsSync(join(corpus, name, file))) ?? '';
    expect(() => parseToolText(read(folder, file))).toThrow(
      expect.objectContaining({ kind: 'unsupported-format' }),
    );
  });

  it('is refused without the names of its columns', () => {
    const file = 'smi-query-gpu-nounits-index-name-temp-mem-util-power.csv';
    expect(() => parseToolText(read('nvidia', file))).toThrow('noheader');
  });

  it('is known by what it says when it fails', () => {
    interface Failure {
      readonly stdoutFile: string | null;
      readonly stderrFile: string | null;
      readonly exitCode: number;
      readonly exitCodeKnown: boolean;
      readonly category: string;
    }
    const failures = JSON.parse(read('errors/index.json')) as Failure[];
    const kinds = failures.map(({ stdoutFile, stderrFile, exitCode, exitCodeKnown }) => {
      const text = [stdoutFile, stderrFile]
        .map((file) => (file === null ? '' : read('errors', file)))
        .join('\n');
      return toolError(text, exitCodeKnown ? exitCode : 0)?.kind;
    });
    expect(kinds).toEqual(failures.map(({ category }) => category.replaceAll('_', '-')));
  });

  it('names one lost GPU among others', () => {
    const samples = samplesIn(parseToolText(read('errors/csv-gpu-lost-row.stdout.txt')));
    expect(samples.map(({ state, temperatureC }) => [state, temperatureC])).toEqual([
      ['ok', 64],
      ['lost', null],
    ]);
  });

  it('makes no other error than its own, wherever it breaks off', () => {
    for (const folder of ['nvidia', 'amd', 'intel', 'errors']) {
      for (const file of listed(folder, /^(?!sysfs|index)/)) {
        const text = read(folder, file);
        for (let part = 1; part < 20; part += 1) {
          try {
            parseToolText(text.slice(0, (text.length * part) / 20));
          } catch (error) {
            expect(error, file).toBeInstanceOf(GpuError);
          }
        }
      }
    }
  });
});
