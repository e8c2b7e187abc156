import { ImmichError } from '../lib/immich/immich-error.js';
import type { UploadState } from '../lib/upload/upload-state.js';
import type { StatusFill } from './_node-status.js';
import type { NodeTools } from './_node-tools.js';

/**
 * Makes the function that tells a state of the uploader to everybody: the status, output 2, and, when the
 * server begins or ends to hold all files, the log; what needs a person also goes to Catch nodes, once.
 */
export function createUploadReport(
  tools: NodeTools<{ readonly isDryRun: boolean }>,
): (state: UploadState) => void {
  let told: string | undefined;
  return (state) => {
    const isDone = tools.options.isDryRun && state.state === 'idle' && state.failed === 0;
    const [fill, key] = isDone ? (['grey', 'dry-run'] as const) : statusOf(state);
    const left = state.pending + state.active;
    const until = clockTime(state.pausedUntil ?? state.quietUntil);
    tools.status(fill, key, {
      left,
      until,
      failed: state.failed,
      held: state.waitingForAddress,
      files: state.totals.files,
      ...progress(state),
    });
    tools.send([null, { topic: 'upload/state', payload: { ...state, node: tools.id } }]);
    const { problem } = state;
    if (problem?.message === told) return;
    if (problem === null) {
      tools.log('info', 'goes-on', { left });
    } else if (state.state === 'error') {
      tools.report(new ImmichError(problem.kind, problem.message), { topic: 'upload/state', payload: state });
    } else {
      tools.log('warn', 'held', { reason: problem.message, left });
    }
    told = problem?.message;
  };
}

function statusOf(state: UploadState): [StatusFill, string] {
  switch (state.state) {
    case 'paused':
      if (!state.isPaused) return ['grey', state.pending > 0 ? 'quiet-waiting' : 'quiet'];
      if (state.pausedUntil !== null) return ['grey', 'paused-until'];
      return ['grey', state.pending > 0 ? 'paused-waiting' : 'paused'];
    case 'error':
      return ['red', state.problem?.kind ?? 'failed'];
    case 'backoff':
      if (state.problem === null && state.waitingForAddress === state.pending) return ['yellow', 'too-large'];
      return ['yellow', state.problem?.kind ?? 'retrying'];
    case 'uploading':
      return ['blue', state.active === 1 && state.pending === 0 && state.percent !== null ? 'one' : 'many'];
    case 'idle':
      if (state.failed > 0) return ['red', 'failed'];
      return state.totals.files > 0 ? ['green', 'done'] : ['grey', 'idle'];
  }
}

function progress({ percent, bytesPerSecond }: UploadState): { percent: number; rate: string } {
  const megabytes = bytesPerSecond / 1e6;
  return { percent: percent ?? 0, rate: megabytes >= 10 ? megabytes.toFixed(0) : megabytes.toFixed(1) };
}

/** What the clock on the wall shows then, as `06:00`. */
function clockTime(at: string | null): string {
  const date = new Date(at ?? Number.NaN);
  const two = (number: number) => String(number).padStart(2, '0');
  return at === null ? '' : `${two(date.getHours())}:${two(date.getMinutes())}`;
}
