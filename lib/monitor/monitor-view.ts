import { basename } from 'node:path';
import { say } from '../say.js';
import type { FailureRow } from './failure-rows.js';
import type { FileRow } from './file-rows.js';
import type { GpuGauge, ServerGauge } from './gauge-view.js';
import type { HourView } from './hour.js';
import type { MonitorPart, Underway } from './monitor-part.js';

/** The stages of the pipeline, in order. */
export const STAGES = ['found', 'stable', 'uploaded', 'archived'] as const;

export type Stage = (typeof STAGES)[number];

/** An uploader as it is shown. */
export interface UploaderView {
  readonly node: string;
  readonly state: string;
  readonly isPaused: boolean;
  readonly failed: number;
  /** Why all its files wait, or some of them, as a sentence. */
  readonly problem: string | null;
}

/** A file that is being sent, as it is shown. */
export interface UnderwayView {
  /** The same as long as it is on its way. */
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly sentBytes: number;
}

/** What is shown. Counts are files since the start, sizes bytes, times ISO 8601. */
export interface MonitorView {
  /** Of the newest change; what comes later has a higher one. */
  readonly seq: number;
  readonly at: string;
  /** How many files passed each stage, and how many are at it now. */
  readonly stages: Readonly<Record<Stage, { readonly passed: number; readonly waiting: number }>>;
  readonly underway: readonly UnderwayView[];
  /** Files on their way in all, of which `underway` names the first. */
  readonly underwayCount: number;
  readonly bytesPerSecond: number;
  readonly today: { readonly uploaded: number; readonly failed: number };
  readonly uploaders: readonly UploaderView[];
  readonly hour: HourView;
  readonly servers: readonly ServerGauge[];
  readonly gpus: readonly GpuGauge[];
  /** Files that changed after the asked `since`, oldest first. */
  readonly files: readonly FileRow[];
  /** All failures, newest first; absent when none changed after `since`. */
  readonly failures?: readonly FailureRow[];
}

/** What the nodes show of themselves now. */
export function pipelineView(
  passed: Readonly<Record<Stage, number>>,
  parts: ReadonlyMap<string, MonitorPart>,
  mostUnderway: number,
  idOf: (path: string) => number | undefined,
): Pick<MonitorView, 'stages' | 'underway' | 'underwayCount' | 'bytesPerSecond' | 'today' | 'uploaders'> {
  const states = [];
  const way: Underway[] = [];
  for (const [node, part] of parts) {
    if (part.stage !== 'uploaded') continue;
    states.push({ node, ...part.state() });
    way.push(...part.underway());
  }
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    stages: stagesOf(passed, parts.values()),
    underway: way.slice(0, mostUnderway).map((file) => shownUnderway(file, idOf(file.path))),
    underwayCount: way.length,
    bytesPerSecond: sum(states.map(({ bytesPerSecond }) => bytesPerSecond)),
    today: {
      uploaded: sum(states.map(({ today }) => today.uploaded)),
      failed: sum(states.map(({ today }) => today.failed)),
    },
    uploaders: states.map(({ node, state, isPaused, failed, problem, waitingForAddress }) => ({
      node,
      state,
      isPaused,
      failed,
      problem: problem?.message ?? heldSentence(waitingForAddress),
    })),
  };
}

function heldSentence(count: number): string | null {
  if (count === 0) return null;
  return say`Files that are too large for the address in use, and wait for another one: ${count}.`;
}

function stagesOf(
  passed: Readonly<Record<Stage, number>>,
  parts: Iterable<MonitorPart>,
): MonitorView['stages'] {
  const waiting: Record<Stage, number> = { found: 0, stable: 0, uploaded: 0, archived: 0 };
  for (const part of parts) {
    waiting[part.stage] += part.waiting();
  }
  const stage = (name: Stage) => ({ passed: passed[name], waiting: waiting[name] });
  return {
    found: stage('found'),
    stable: stage('stable'),
    uploaded: stage('uploaded'),
    archived: stage('archived'),
  };
}

function shownUnderway({ path, sizeBytes, sentBytes }: Underway, id: number | undefined): UnderwayView {
  const name = basename(path);
  return { id: String(id ?? name), name, sizeBytes, sentBytes: Math.min(sentBytes, sizeBytes) };
}
