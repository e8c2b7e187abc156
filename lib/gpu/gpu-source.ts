import type { GpuError } from './gpu-error.js';
import type { GpuSample } from './gpu-sample.js';

/** What one look at all GPUs of one kind found. */
export interface GpuLook {
  /** Null when there is no hardware of this kind. */
  readonly samples: readonly GpuSample[] | null;
  /** What is missing from the samples: a list of processes that could not be had, say. */
  readonly problem: GpuError | null;
}

/** Where readings come from. */
export interface GpuSource {
  readonly name: string;
  /** @throws GpuError when nothing can be read */
  look(): Promise<GpuLook>;
  /** Ends what runs on between looks, and waits for it. */
  close(): Promise<void>;
}
