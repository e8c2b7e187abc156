/** What can be wrong with a GPU. */
export const GPU_ALERTS = ['temperature', 'memory', 'throttling', 'encoder', 'lost'] as const;

export type GpuAlert = (typeof GPU_ALERTS)[number];

/** A part of a GPU that is split (NVIDIA MIG). */
export interface GpuPartition {
  readonly index: number | null;
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
}

/** One look at one GPU, as `gpu-stats` tells it. Null means that the tool or the card does not say. */
export interface GpuReading {
  /** The UUID, else the PCI slot: the same after a restart and whatever else is plugged in. */
  readonly id: string;
  /** Position among the GPUs of this look, from 0; it may change. */
  readonly index: number | null;
  readonly name: string | null;
  readonly vendor: 'nvidia' | 'amd' | 'intel';
  readonly driver: string | null;
  readonly at: string;
  readonly state: 'ok' | 'asleep' | 'lost';
  /** 0 to 100, like every percent. */
  readonly loadPercent: number | null;
  readonly encoderPercent: number | null;
  readonly decoderPercent: number | null;
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly memoryPercent: number | null;
  readonly temperatureC: number | null;
  readonly powerW: number | null;
  readonly powerLimitW: number | null;
  readonly fanPercent: number | null;
  readonly clockMhz: number | null;
  readonly memoryClockMhz: number | null;
  /** NVIDIA's performance state, P0 to P15. */
  readonly performanceState: string | null;
  /** Why the clocks are held down, in the tool's words; empty when they are not. */
  readonly throttleReasons: readonly string[] | null;
  /** Who uses it; null when nobody was asked. Names are base names, never command lines. */
  readonly processes:
    | readonly {
        readonly pid: number;
        readonly name: string | null;
        readonly memoryBytes: number | null;
        readonly encoderPercent: number | null;
        /** The systemd unit or container it belongs to. */
        readonly owner: string | null;
      }[]
    | null;
  /** The parts of a GPU that is split; absent when it is not. */
  readonly partitions?: readonly GpuPartition[];
  /** What the GPU itself says is wrong with it; absent when nothing is. */
  readonly problem?: 'gpu-lost' | 'gpu-needs-reset' | 'field-error';
  /** What is raised now. */
  readonly alerts: Readonly<Record<GpuAlert, boolean>>;
}
