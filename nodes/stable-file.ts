import { asFoundFile } from '../lib/media-file.js';
import { say } from '../lib/say.js';
import { settingBoolean, settingNumber } from '../lib/settings.js';
import { createGroupGate } from '../lib/stable/group-gate.js';
import { DEFAULT_STABILITY_RULES, type StabilityRules } from '../lib/stable/stability.js';
import { createStabilityGate, StabilityError } from '../lib/stable/stability-gate.js';
import { atMostEvery } from '../lib/throttle.js';
import { defineNode } from './_define-node.js';
import { pathsOf } from './_file-flow.js';
import type { Output } from './_node-tools.js';

interface Config {
  quietSeconds?: string;
  checkIntervalSeconds?: string;
  quietSecondsLarge?: string;
  largeSizeMB?: string;
  checkVideos?: string | boolean;
  giveUpMinutes?: string;
  companionSeconds?: string;
}

interface Options {
  rules: StabilityRules;
  checkIntervalMs: number;
  graceMs: number;
}

const BYTES_PER_MB = 1_024 * 1_024;
const STATUS_EVERY_MS = 1_000;

export default defineNode<Config, Options>('stable-file', {
  parse: parseOptions,
  create(tools) {
    const gate = createStabilityGate({
      ...tools.options,
      signal: tools.signal,
      onNotWhole: ({ path }, reason) => tools.log('info', 'unfinished', { file: path, reason }),
      onChange: () => showStatus(),
    });
    const showStatus = atMostEvery(STATUS_EVERY_MS, tools.signal, () => {
      const { waitingCount, unfinishedCount } = gate;
      if (unfinishedCount > 0) tools.status('yellow', 'unfinished', { count: unfinishedCount });
      else if (waitingCount > 0) tools.status('yellow', 'waiting', { count: waitingCount });
      else tools.status('grey', 'idle');
    });
    showStatus();
    const groups = createGroupGate({
      gate,
      signal: tools.signal,
      graceMs: tools.options.graceMs,
      isLeftOut({ path, sizeBytes, maxBytes = Number.POSITIVE_INFINITY }) {
        if (sizeBytes > maxBytes) tools.log('warn', 'too-large', { file: path });
        return sizeBytes > maxBytes;
      },
    });
    tools.load.carries(groups.moving, tools.signal);
    tools.shows({ stage: 'stable', waiting: () => gate.waitingCount });

    return {
      async onInput(msg): Promise<Output> {
        const file = asFoundFile(msg.payload);
        // A message that comes back from a Catch node: what travelled with it is found anew.
        tools.returnFiles(pathsOf(msg).slice(1));
        try {
          const stable = await groups.waitFor(file);
          // It goes on in the message of the file that it belongs to, or not at all.
          if (stable === undefined) return undefined;
          return { ...msg, topic: 'file/stable', filename: stable.path, payload: stable };
        } catch (error) {
          const code = error instanceof StabilityError ? error.code : undefined;
          if (code === 'vanished') {
            tools.log('info', 'vanished', { file: file.path });
            // It may be there again before folder-watch missed it.
            tools.returnFiles([file.path]);
          }
          if (code === 'vanished' || code === 'superseded') return undefined;
          throw error;
        }
      },
      close: () => tools.returnFiles(groups.waiting().map(({ path }) => path)),
    };
  },
});

function parseOptions(config: Config): Options {
  const rules = DEFAULT_STABILITY_RULES;
  const atLeast = (field: string, value: unknown, fallback: number, min = 0) =>
    settingNumber(field, value, fallback, { min });
  return {
    rules: {
      quietMs: 1_000 * atLeast(say`Quiet time`, config.quietSeconds, rules.quietMs / 1_000),
      quietMsLarge:
        1_000 * atLeast(say`Quiet time of large files`, config.quietSecondsLarge, rules.quietMsLarge / 1_000),
      largeSizeBytes:
        BYTES_PER_MB * atLeast(say`Large from`, config.largeSizeMB, rules.largeSizeBytes / BYTES_PER_MB),
      hasVideoCheck: settingBoolean(say`Check videos`, config.checkVideos, rules.hasVideoCheck),
      giveUpMs: 60_000 * atLeast(say`Give up after`, config.giveUpMinutes, rules.giveUpMs / 60_000),
      emptyMs: rules.emptyMs,
    },
    graceMs: 1_000 * atLeast(say`Wait for companions`, config.companionSeconds, 2),
    checkIntervalMs: 1_000 * atLeast(say`Look every`, config.checkIntervalSeconds, 1, 0.05),
  };
}
