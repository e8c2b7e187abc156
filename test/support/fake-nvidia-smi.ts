import { existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { tempFolder } from './world.js';

/** A row of the fake: fields by their names in `--query-gpu`; what is left out is `[N/A]`. */
export type FakeGpu = Readonly<Record<string, string | number | boolean>>;

/** What the fake does from its next call on. */
export interface FakeBehaviour {
  readonly gpus?: readonly FakeGpu[];
  /** Rows of `--query-compute-apps`, and what it says when that fails. */
  readonly apps?: readonly FakeGpu[];
  readonly appsFail?: string;
  readonly pmon?: string;
  readonly pmonExitCode?: number;
  readonly xml?: string;
  readonly unknownFields?: readonly string[];
  /** The columns come in another order than asked for. */
  readonly isReversed?: boolean;
  readonly says?: string;
  readonly saysOnStderr?: string;
  readonly exitCode?: number;
  readonly delayMs?: number;
  readonly hangs?: boolean;
  readonly ignoresTerm?: boolean;
  readonly floods?: boolean;
  readonly dies?: boolean;
  /** How many answers come with `--loop-ms`, and whether it ends then. */
  readonly loopTicks?: number;
  readonly loopDies?: boolean;
}

export interface FakeNvidiaSmi {
  readonly folder: string;
  /** The path of the program. */
  readonly program: string;
  /** An environment with the program on its PATH. */
  readonly env: NodeJS.ProcessEnv;
  behave(behaviour: FakeBehaviour): void;
  calls(): { pid: number; args: string[] }[];
}

/** An RTX card as the fake tells of it. */
export const FAKE_GPU: FakeGpu = {
  index: 0,
  uuid: 'GPU-11111111-2222-3333-4444-555555555555',
  'pci.bus_id': '00000000:01:00.0',
  name: 'NVIDIA Fake RTX 1',
  driver_version: '595.10',
  persistence_mode: 'Enabled',
  pstate: 'P2',
  'utilization.gpu': 7,
  'utilization.encoder': 72,
  'utilization.decoder': 0,
  'memory.total': 16_000,
  'memory.used': 4_000,
  'temperature.gpu': '46',
  'power.draw.instant': 86.41,
  'enforced.power.limit': 320,
  'fan.speed': 30,
  'clocks.current.graphics': 2805,
  'clocks.current.memory': 11_251,
  gpu_recovery_action: 'None',
  'clocks_event_reasons.gpu_idle': 'Not Active',
  'clocks_event_reasons.sw_power_cap': 'Not Active',
  'clocks_event_reasons.hw_thermal_slowdown': 'Not Active',
  'clocks_throttle_reasons.gpu_idle': 'Not Active',
  'clocks_throttle_reasons.sw_power_cap': 'Active',
};

/** A second card, in another slot. */
export const OTHER_GPU: FakeGpu = {
  ...FAKE_GPU,
  index: 1,
  uuid: 'GPU-99999999-2222-3333-4444-555555555555',
  'pci.bus_id': '00000000:41:00.0',
  name: 'NVIDIA Fake RTX 2',
};

/** Puts the fake into a folder of this test's own, under the name `nvidia-smi`. */
export function fakeNvidiaSmi(behaviour: FakeBehaviour = { gpus: [FAKE_GPU] }): FakeNvidiaSmi {
  const folder = tempFolder();
  const program = join(folder, 'nvidia-smi');
  symlinkSync(join(import.meta.dirname, 'fake-nvidia-smi.mjs'), program);
  const file = join(folder, 'behaviour.json');
  const log = join(folder, 'calls.log');
  const fake: FakeNvidiaSmi = {
    folder,
    program,
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH ?? ''}` },
    behave(next) {
      // Never half-written, for a call may read it now.
      writeFileSync(`${file}.new`, JSON.stringify(next));
      renameSync(`${file}.new`, file);
    },
    calls: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line))
        : [],
  };
  fake.behave(behaviour);
  return fake;
}

/** Whether a process still runs. One that has ended, and that nobody has asked after yet, does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'utf8'));
}
