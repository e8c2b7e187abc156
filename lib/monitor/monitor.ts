import { isAbsolute } from 'node:path';
import { isSidecar } from '../companions/media-kind.js';
import { fieldsOf, numberOf, textOf } from '../fields.js';
import { createFailureRows, type Failure } from './failure-rows.js';
import { createFileRows } from './file-rows.js';
import { type GpuGauge, gpuGauge, type ServerGauge, serverGauge } from './gauge-view.js';
import { createHour } from './hour.js';
import type { MonitorPart, UploaderPart } from './monitor-part.js';
import { type MonitorView, pipelineView, type Stage } from './monitor-view.js';

/** Watches what the nodes of a runtime tell, and remembers little of it: it never grows with the number of files. */
export interface Monitor {
  /** Notes what a node sends. It is called for each message, and so it does next to nothing. */
  see(node: string, topic: unknown, payload: unknown): void;
  /** Notes that a node told a failure of a file. */
  failed(node: string, payload: unknown, error: Error): void;
  /** Takes a node in. */
  add(node: string, part: MonitorPart): void;
  /** A node closed: what is known of it is no longer true. */
  forget(node: string): void;
  /** How things stand, with the rows that changed after `since`. */
  view(since: number): MonitorView;
  /** A failure that is shown. */
  failure(id: number): Failure | undefined;
  failures(): readonly Failure[];
  /** Shows a failure no longer. */
  settle(path: string): void;
  /** Ids of the nodes that upload. */
  uploaders(): string[];
}

export interface MonitorOptions {
  readonly now?: () => Date;
  /** Files and failures that are remembered. */
  readonly mostRows?: number;
  /** Minutes of the chart. */
  readonly minutes?: number;
  /** Files on their way that are named. */
  readonly mostUnderway?: number;
}

const STAGE_OF: Readonly<Record<string, Stage>> = {
  'file/found': 'found',
  'file/stable': 'stable',
  'file/uploaded': 'uploaded',
  'file/archived': 'archived',
};

/** Makes a monitor that has seen nothing yet. */
export function createMonitor(options: MonitorOptions = {}): Monitor {
  const { now = () => new Date(), mostRows = 200, minutes = 60, mostUnderway = 12 } = options;
  let seq = 0;
  const nextSeq = () => ++seq;
  const rows = createFileRows(mostRows, nextSeq);
  const failures = createFailureRows(mostRows, nextSeq);
  const hour = createHour(minutes);
  const passed: Record<Stage, number> = { found: 0, stable: 0, uploaded: 0, archived: 0 };
  const parts = new Map<string, MonitorPart>();
  const servers = new Map<string, ServerGauge>();
  const gpus = new Map<string, GpuGauge & { readonly node: string }>();

  const uploaders = (): [string, UploaderPart][] =>
    [...parts].flatMap(([node, part]) => (part.stage === 'uploaded' ? [[node, part]] : []));

  const originOf = (node: string) => {
    const part = parts.get(node) ?? uploaders()[0]?.[1];
    return part?.stage === 'uploaded' ? part.origin() : uploaders()[0]?.[1].origin();
  };

  function linkOf(node: string, payload: unknown): string | null {
    const assetId = textOf(fieldsOf(payload).assetId);
    const origin = assetId === null ? undefined : originOf(node);
    return assetId === null || origin === undefined
      ? null
      : `${origin}/photos/${encodeURIComponent(assetId)}`;
  }

  /** A file came to a stage, and with it all that travel with it. */
  function noteFiles(node: string, stage: Stage, payload: unknown): void {
    const at = now();
    const link = linkOf(node, payload);
    for (const file of [payload, ...fellowsIn(payload)]) {
      const path = pathIn(file);
      if (path === undefined) continue;
      const isNew = rows.note(path, stage, file, at.toISOString(), linkOf(node, file) ?? link);
      failures.settle(path);
      if (!isNew) continue;
      passed[stage] += 1;
      if (stage === 'uploaded' && !isSidecar(path)) hour.add(at, numberOf(fieldsOf(file).sizeBytes) ?? 0);
    }
  }

  return {
    see(node, topic, payload) {
      if (typeof topic !== 'string') return;
      const stage = STAGE_OF[topic];
      if (stage !== undefined) return noteFiles(node, stage, payload);
      if (topic === 'immich/health') {
        const gauge = serverGauge(payload);
        if (gauge !== null) servers.set(node, gauge);
      } else if (topic === 'gpu/reading') {
        const gauge = gpuGauge(payload);
        if (gauge !== null) gpus.set(gauge.id, { ...gauge, node });
      }
    },
    failed(node, payload, error) {
      const path = pathIn(payload);
      if (path === undefined) return;
      const at = now().toISOString();
      const isTrashed = 'kind' in error && error.kind === 'trashed';
      const link = isTrashed ? trashOf(originOf(node)) : linkOf(node, payload);
      rows.note(path, 'failed', payload, at, link);
      failures.note(path, payload, { node, reason: error.message, at, link });
    },
    add: (node, part) => void parts.set(node, part),
    forget(node) {
      parts.delete(node);
      servers.delete(node);
      for (const [id, gpu] of gpus) if (gpu.node === node) gpus.delete(id);
    },
    view(since) {
      const changed = failures.after(since);
      const at = now();
      return {
        seq,
        at: at.toISOString(),
        ...pipelineView(passed, parts, mostUnderway, rows.idOf),
        hour: hour.view(at),
        servers: [...servers.values()],
        gpus: [...gpus.values()].map(({ node: _, ...gauge }) => gauge),
        files: rows.after(since),
        ...(changed && { failures: changed }),
      };
    },
    failure: failures.find,
    failures: failures.all,
    settle: failures.settle,
    uploaders: () => uploaders().map(([node]) => node),
  };
}

function trashOf(origin: string | undefined): string | null {
  return origin === undefined ? null : `${origin}/trash`;
}

/** The records of the files that travel with one. */
function fellowsIn(payload: unknown): readonly unknown[] {
  const { companions } = fieldsOf(payload);
  return Array.isArray(companions) ? companions : [];
}

function pathIn(payload: unknown): string | undefined {
  const path = typeof payload === 'string' ? payload : textOf(fieldsOf(payload).path);
  return path !== null && isAbsolute(path) ? path : undefined;
}
