import type { NodeMessageInFlow } from 'node-red';
import { createGpuRoll } from '../lib/gpu/gpu-roll.js';
import type { GpuSource } from '../lib/gpu/gpu-source.js';
import { watchGpus } from '../lib/gpu/gpu-watch.js';
import type { NvidiaMemoryOptions } from '../lib/gpu/nvidia/nvidia-memory.js';
import { createNvidiaSource } from '../lib/gpu/nvidia/nvidia-source.js';
import { createSysfsSource } from '../lib/gpu/sysfs/sysfs-source.js';
import { defineNode } from './_define-node.js';
import { gpuMemoryOf } from './_gpu-memory.js';
import { type GpuConfig, type GpuOptions, parseGpuOptions } from './_gpu-options.js';
import { createGpuReport } from './_gpu-report.js';
import { createGpuTexts, textOf } from './_gpu-texts.js';
import type { Output } from './_node-tools.js';

export default defineNode<GpuConfig, GpuOptions>('gpu-stats', {
  parse: parseGpuOptions,
  create(tools) {
    const { options, signal } = tools;
    const isInputOnly = options.source === 'input';
    const roll = createGpuRoll({ limits: options.limits });
    const report = createGpuReport(tools, () => roll.readings, isInputOnly);
    const memory = gpuMemoryOf(tools);
    const sources = sourcesOf(options, memory, signal);
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

    const staleMs = isInputOnly ? 3 * options.intervalMs : undefined;
    const texts = createGpuTexts({ roll, report, staleMs, signal });
    return {
      async onInput(msg): Promise<Output> {
        const isRefresh = msg.topic === 'command/refresh';
        // A command for another node on the same wire.
        if (isCommand(msg) && !isRefresh) return undefined;
        const text = isRefresh ? undefined : textOf(msg.payload);
        if (text !== undefined) texts.take(text, msg);
        else if (watches.length === 0) tellAgain();
        else await Promise.all(watches.map((watch) => watch.lookNow()));
        return undefined;
      },
      async close(isRemoved) {
        await Promise.all(sources.map((source) => source.close()));
        await memory.end(isRemoved && !tools.isInFlow());
      },
    };
  },
});

function sourcesOf(options: GpuOptions, memory: NvidiaMemoryOptions, signal: AbortSignal): GpuSource[] {
  const { source, root } = options;
  return [
    ...(source === 'auto' || source === 'nvidia'
      ? [createNvidiaSource({ ...options, ...memory, signal })]
      : []),
    ...(source === 'auto' || source === 'sysfs' ? [createSysfsSource({ root })] : []),
  ];
}

function isCommand({ topic }: NodeMessageInFlow): boolean {
  return typeof topic === 'string' && topic.startsWith('command/');
}
