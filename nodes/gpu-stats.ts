import type { NodeMessageInFlow } from 'node-red';
import { asGpuError, GpuError } from '../lib/gpu/gpu-error.js';
import { createGpuRoll } from '../lib/gpu/gpu-roll.js';
import type { GpuSample } from '../lib/gpu/gpu-sample.js';
import type { GpuSource } from '../lib/gpu/gpu-source.js';
import { watchGpus } from '../lib/gpu/gpu-watch.js';
import { createNvidiaSource } from '../lib/gpu/nvidia-source.js';
import { createSysfsSource } from '../lib/gpu/sysfs-source.js';
import { parseToolText } from '../lib/gpu/tool-text.js';
import { defineNode } from './_define-node.js';
import { type GpuConfig, type GpuOptions, parseGpuOptions } from './_gpu-options.js';
import { createGpuReport } from './_gpu-report.js';
import type { Output } from './_node-tools.js';

export default defineNode<GpuConfig, GpuOptions>('gpu-stats', {
  parse: parseGpuOptions,
  create(tools) {
    const { options, signal } = tools;
    const roll = createGpuRoll({ limits: options.limits });
    const report = createGpuReport(tools, () => roll.readings, options.source === 'input');
    const sources = sourcesOf(options, signal);
    const watches = sources.map((source) =>
      watchGpus({
        source,
        intervalMs: options.intervalMs,
        signal,
        onLook(look) {
          report.note(source.name, look);
          if (look.samples !== null) report.send(roll.take(source.name, look.samples, true));
        },
        // Who asked by a message gets the error; others are told once.
        onFailure: (problem, isAwaited) => report.note(source.name, { samples: [], problem }, isAwaited),
      }),
    );
    const tellAgain = () => report.send({ readings: roll.readings, alerts: [] });
    tools.onStateWanted(tellAgain);

    const takeText = (text: string, host: string | undefined) => {
      const source = `input ${host ?? ''}`;
      try {
        const found = parseToolText(text);
        const call =
          found.kind === 'gpus'
            ? roll.take(source, atHost(found.samples, host), false)
            : roll.addProcesses(source, found.lists);
        report.note(source, { samples: [], problem: null });
        report.send(call);
      } catch (error) {
        report.note(source, { samples: [], problem: asGpuError(error) }, true);
        throw error;
      }
    };
    return {
      async onInput(msg): Promise<Output> {
        const text = isCommand(msg) ? undefined : textOf(msg.payload);
        if (text !== undefined) takeText(text, hostOf(msg));
        else if (watches.length === 0) tellAgain();
        else if (!isCommand(msg) || msg.topic === 'command/refresh') {
          await Promise.all(watches.map((watch) => watch.lookNow()));
        }
        return undefined;
      },
      close: async () => {
        await Promise.all(sources.map((source) => source.close()));
      },
    };
  },
});

function sourcesOf(options: GpuOptions, signal: AbortSignal): GpuSource[] {
  const { source, root } = options;
  return [
    ...(source === 'auto' || source === 'nvidia' ? [createNvidiaSource({ ...options, signal })] : []),
    ...(source === 'auto' || source === 'sysfs' ? [createSysfsSource({ root })] : []),
  ];
}

function isCommand({ topic }: NodeMessageInFlow): boolean {
  return typeof topic === 'string' && topic.startsWith('command/');
}

/** What a tool printed; undefined for anything that only says "now": nothing, a number (of an inject node), true. */
function textOf(payload: unknown): string | undefined {
  if (Buffer.isBuffer(payload)) return textOf(payload.toString('utf8'));
  if (typeof payload === 'string') return payload.trim() === '' ? undefined : payload;
  if (typeof payload !== 'object' || payload === null) return undefined;
  return JSON.stringify(payload);
}

/** Where a text comes from, when the message says so. */
function hostOf(msg: NodeMessageInFlow & { host?: unknown }): string | undefined {
  if (msg.host === undefined || msg.host === '') return undefined;
  if (typeof msg.host === 'string' && msg.host.length <= 64) return msg.host;
  throw new GpuError('unsupported-format', 'msg.host must be a short text: the name of the machine.');
}

/** A UUID is unique in the world, a slot only in its machine. */
function atHost(samples: readonly GpuSample[], host: string | undefined): readonly GpuSample[] {
  if (host === undefined) return samples;
  return samples.map((sample) =>
    sample.id.startsWith('GPU-') ? sample : { ...sample, id: `${host}-${sample.id}` },
  );
}
