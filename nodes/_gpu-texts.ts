import type { NodeMessageInFlow } from 'node-red';
import { asGpuError, GpuError } from '../lib/gpu/gpu-error.js';
import type { GpuRoll } from '../lib/gpu/gpu-roll.js';
import type { GpuSample } from '../lib/gpu/gpu-sample.js';
import { parseToolText } from '../lib/gpu/text/tool-text.js';
import { say } from '../lib/say.js';
import type { GpuReport } from './_gpu-report.js';

/** What messages bring of GPU tools that ran elsewhere. */
export interface GpuTexts {
  /** Reads a text. @throws GpuError when it cannot be read */
  take(text: string, msg: NodeMessageInFlow): void;
}

export interface GpuTextsOptions {
  readonly roll: GpuRoll;
  readonly report: GpuReport;
  /** After this time without a text, the readings count as old; undefined where texts are not the only source. */
  readonly staleMs: number | undefined;
  readonly signal: AbortSignal;
}

export function createGpuTexts({ roll, report, staleMs, signal }: GpuTextsOptions): GpuTexts {
  let timer: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  const waitForNext = () => {
    clearTimeout(timer);
    if (staleMs === undefined) return;
    report.note('input', { samples: [], problem: null });
    timer = setTimeout(() => report.note('input', { samples: [], problem: stale() }), staleMs);
    timer.unref();
  };
  return {
    take(text, msg) {
      const host = hostOf(msg);
      const source = `input ${host ?? ''}`;
      try {
        const found = parseToolText(text);
        const call =
          found.kind === 'gpus'
            ? roll.take(source, atHost(found.samples, host), false)
            : roll.addProcesses(source, found.lists);
        report.note(source, { samples: [], problem: null }, true);
        waitForNext();
        report.send(call);
      } catch (error) {
        // The message takes it to a Catch node.
        report.note(source, { samples: [], problem: asGpuError(error) }, true);
        throw error;
      }
    },
  };
}

/**
 * What a tool printed; undefined for anything that only says "now": nothing, a number (of an inject node), true.
 * @throws GpuError for an object that is no JSON
 */
export function textOf(payload: unknown): string | undefined {
  if (Buffer.isBuffer(payload)) return textOf(payload.toString('utf8'));
  if (typeof payload === 'string') return payload.trim() === '' ? undefined : payload;
  if (typeof payload !== 'object' || payload === null) return undefined;
  try {
    return JSON.stringify(payload);
  } catch {
    throw new GpuError('unsupported-format', say`msg.payload must be the text of a GPU tool, or its JSON.`);
  }
}

/** Where a text comes from, when the message says so. */
function hostOf(msg: NodeMessageInFlow & { host?: unknown }): string | undefined {
  if (msg.host === undefined || msg.host === '') return undefined;
  if (typeof msg.host === 'string' && msg.host.length <= 64) return msg.host;
  throw new GpuError('unsupported-format', say`msg.host must be a short text: the name of the machine.`);
}

/** A UUID is unique in the world, a slot only in its machine. */
function atHost(samples: readonly GpuSample[], host: string | undefined): readonly GpuSample[] {
  if (host === undefined) return samples;
  return samples.map((sample) =>
    sample.id.startsWith('GPU-') ? sample : { ...sample, id: `${host}-${sample.id}` },
  );
}

function stale(): GpuError {
  return new GpuError('stale', say`No text of a GPU tool has come for three intervals.`);
}
