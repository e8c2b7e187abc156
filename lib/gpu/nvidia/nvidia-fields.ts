/**
 * What nvidia-smi is asked for, the place in its list first and the only free text last. In every field list of
 * drivers 590 to 595; older ones lack some.
 */
const FIELDS = [
  'index',
  'uuid',
  'pci.bus_id',
  'driver_version',
  'persistence_mode',
  'pstate',
  'utilization.gpu',
  'utilization.encoder',
  'utilization.decoder',
  'memory.total',
  'memory.used',
  'temperature.gpu',
  'power.draw.instant',
  'power.draw',
  'enforced.power.limit',
  'power.limit',
  'fan.speed',
  'clocks.current.graphics',
  'clocks.current.memory',
  'mig.mode.current',
  'gpu_recovery_action',
  'clocks_event_reasons.gpu_idle',
  'clocks_event_reasons.applications_clocks_setting',
  'clocks_event_reasons.sw_power_cap',
  'clocks_event_reasons.hw_slowdown',
  'clocks_event_reasons.hw_thermal_slowdown',
  'clocks_event_reasons.hw_power_brake_slowdown',
  'clocks_event_reasons.sw_thermal_slowdown',
  'clocks_event_reasons.sync_boost',
  'name',
] as const;

/** Without these there is no reading. */
const NEEDED: ReadonlySet<string> = new Set(['index', 'name']);

/** The fields that the installed driver knows, found out by asking. */
export interface NvidiaFields {
  /** The arguments of a query, of all GPUs or of those in some slots. */
  queryArgs(slots?: readonly string[]): string[];
  /**
   * Leaves out a field that the driver does not know, or says it in the words of drivers before 535. False when
   * nothing is left to change.
   */
  leaveOut(field: string): boolean;
  /** Begins with all fields again once another driver answers. */
  noteDriver(version: string | null): void;
}

/** The arguments that choose the GPUs in some slots; none for all of them. */
export function chosen(slots: readonly string[] | undefined): string[] {
  return slots === undefined || slots.length === 0 ? [] : [`--id=${slots.join(',')}`];
}

export function createNvidiaFields(): NvidiaFields {
  let fields: readonly string[] = FIELDS;
  let driver: string | null = null;
  return {
    queryArgs: (slots) => [`--query-gpu=${fields.join(',')}`, '--format=csv', ...chosen(slots)],
    leaveOut(field) {
      if (!fields.includes(field) || NEEDED.has(field)) return false;
      fields = field.startsWith('clocks_event_reasons.')
        ? fields.map((name) => name.replace('clocks_event_reasons.', 'clocks_throttle_reasons.'))
        : fields.filter((name) => name !== field);
      return true;
    },
    noteDriver(version) {
      if (driver !== null && version !== null && version !== driver) fields = FIELDS;
      driver = version ?? driver;
    },
  };
}
