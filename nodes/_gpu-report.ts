import type { GpuError } from '../lib/gpu/gpu-error.js';
import type { GpuReading } from '../lib/gpu/gpu-reading.js';
import type { RollCall } from '../lib/gpu/gpu-roll.js';
import type { GpuLook } from '../lib/gpu/gpu-source.js';
import { type Standing, statusOf } from './_gpu-status.js';
import type { NodeTools } from './_node-tools.js';
import { createTellLimit } from './_tell-limit.js';

/** What tells everybody how it stands: the outputs, the status, the log and, where a person is needed, Catch nodes. */
export interface GpuReport {
  /** Sends readings and alerts. */
  send(call: RollCall): void;
  /** Notes how it stands with a source; `isSilent` when its problem is told in another way. */
  note(source: string, look: Pick<GpuLook, 'problem'> & { samples: unknown }, isSilent?: boolean): void;
}

export function createGpuReport(
  tools: NodeTools<unknown>,
  readings: () => readonly GpuReading[],
  isInputOnly: boolean,
): GpuReport {
  const standings = new Map<string, Standing>();
  const mayTell = createTellLimit();
  const told = new Set<string>();
  const show = () => tools.status(...statusOf([...standings.values()], readings(), isInputOnly));
  show();

  const tell = (source: string, problem: GpuError) => {
    if (!mayTell(`${source} ${problem.kind}`)) return;
    told.add(source);
    if (problem.willPass) tools.log('warn', 'problem', { reason: problem.message });
    else tools.report(problem, { topic: 'gpu/reading', payload: null });
  };
  return {
    send({ readings: told, alerts }) {
      tools.send([
        told.map((payload) => ({ topic: 'gpu/reading', payload })),
        alerts.map((payload) => ({ topic: 'gpu/alert', payload })),
      ]);
      for (const { isRaised, message } of alerts) tools.log(isRaised ? 'warn' : 'info', 'alert', { message });
      show();
    },
    note(source, { samples, problem }, isSilent = false) {
      const before = standings.get(source)?.problem ?? null;
      const isNowhere = samples === null;
      if (isNowhere || problem !== null) standings.set(source, { isNowhere, problem });
      else standings.delete(source);
      if (problem !== null && problem.kind !== before?.kind && !isSilent) tell(source, problem);
      // Of what came and went without a word, nothing is said.
      if (problem === null && told.delete(source)) tools.log('info', 'works');
      show();
    },
  };
}
