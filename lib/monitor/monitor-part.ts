import type { UploadState } from '../upload/upload-state.js';

/** A file that is being sent. */
export interface Underway {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sentBytes: number;
}

/** What a node shows of itself while somebody looks; nothing of it is called otherwise. */
export type MonitorPart =
  | {
      readonly stage: 'found' | 'stable' | 'archived';
      /** Files that are at this stage now. */
      waiting(): number;
    }
  | {
      readonly stage: 'uploaded';
      waiting(): number;
      state(): UploadState;
      underway(): Iterable<Underway>;
      /** Of the server's web page, as in `http://photos.lan:2283`. */
      origin(): string;
    };

/** The part of a node that uploads. */
export type UploaderPart = Extract<MonitorPart, { stage: 'uploaded' }>;
