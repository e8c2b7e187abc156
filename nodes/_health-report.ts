import type { HealthAlert, HealthReport } from '../lib/health/health-report.js';
import type { HealthOutcome } from '../lib/health/health-watch.js';
import { moreWith, type Right } from '../lib/health/key-rights.js';
import type { StatusFill, Values } from './_node-status.js';
import type { NodeTools } from './_node-tools.js';
import { createTellLimit } from './_tell-limit.js';

/** Problems of a server that is not reachable which have a status of their own. */
const AWAY = ['busy', 'forbidden', 'server-error', 'tls', 'wrong-address'];

/** Alerts that the status shows, the most urgent first. Red needs a person, yellow passes. */
const SHOWN: readonly (readonly [HealthAlert, StatusFill])[] = [
  ['storage', 'red'],
  ['quota', 'red'],
  ['certificate', 'red'],
  ['failed_jobs', 'red'],
  ['queue_paused', 'yellow'],
  ['ml_backlog', 'yellow'],
];

/**
 * Makes what tells people how a server is: by the status, and by a line in the log when that changes. Missing
 * rights are told once; `missing` is null when they were not asked.
 */
export function createHealthReport(
  tools: Pick<NodeTools<unknown>, 'status' | 'log'>,
  hasKey: boolean,
): (outcome: HealthOutcome, missing: readonly Right[] | null) => void {
  const mayTell = createTellLimit();
  let before = 'well';
  let isProblemTold = false;
  let toldRights: string | undefined;
  let toldNotice: string | null = null;
  tools.status('blue', 'looking');
  /** By which addresses the server is reached, when that changes. */
  const tellAddress = ({ isReachable, addressNotice, url }: HealthReport) => {
    if (!isReachable || addressNotice === toldNotice) return;
    if (addressNotice === null) tools.log('info', 'first-address', { url: url ?? '' });
    else if (mayTell(addressNotice)) tools.log('info', 'address', { notice: addressNotice });
    else return;
    toldNotice = addressNotice;
  };
  return ({ report, alerts }, missing) => {
    tools.status(...statusOf(report));
    for (const { isRaised, message } of alerts) tools.log(isRaised ? 'warn' : 'info', 'alert', { message });
    const state = stateOf(report);
    // The alert said it already when the server is down, or back.
    if (state === 'down' || before === 'down') {
      isProblemTold = false;
    } else if (report.problem === null) {
      if (isProblemTold) tools.log('info', 'well', { url: report.url ?? '' });
      isProblemTold = false;
    } else if (state !== before && mayTell(state)) {
      tools.log('warn', 'problem', { reason: report.problem.message });
      isProblemTold = true;
    }
    before = state;
    tellAddress(report);
    const more = missing === null ? undefined : moreWith(missing, hasKey);
    if (more === undefined || more === toldRights) return;
    tools.log('info', 'rights', { more });
    toldRights = more;
  };
}

/** What a line in the log is worth when it changes. */
function stateOf({ alerts, isReachable, problem }: HealthReport): string {
  if (alerts.down) return 'down';
  return problem === null ? 'well' : `${isReachable} ${problem.kind}`;
}

function statusOf(report: HealthReport): [StatusFill, string, Values] {
  const { alerts, isReachable, problem, version } = report;
  const kind = problem?.kind ?? 'offline';
  if (!isReachable) {
    const plain = alerts.down ? 'down' : 'offline';
    return [alerts.down ? 'red' : 'yellow', AWAY.includes(kind) ? kind : plain, {}];
  }
  if (problem?.kind === 'unauthorized') return ['red', 'unauthorized', {}];
  if (problem?.kind === 'maintenance') return ['yellow', 'maintenance', {}];
  const shown = SHOWN.find(([alert]) => alerts[alert]);
  if (shown !== undefined) return [shown[1], shown[0], valuesOf(report)];
  const number = report.addresses.findIndex(({ isInUse }) => isInUse) + 1;
  if (version !== null && number > 1) return ['green', 'other-address', { version, number }];
  return version === null ? ['green', 'reachable', {}] : ['green', 'online', { version }];
}

function valuesOf({ storage, quota, backlog }: HealthReport): Values {
  return {
    storage: Math.round(storage.usedPercent ?? 0),
    quota: Math.round(quota.usedPercent ?? 0),
    count: backlog.machineLearning ?? 0,
  };
}
