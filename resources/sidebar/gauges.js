import { makeCard, showCard } from './card.js';
import { html, keep, set } from './dom.js';
import { count, size, word } from './words.js';

/** How the servers and the GPUs are doing. */
export function createGauges() {
  const servers = html('ul', { class: 'ib-cards' });
  const gpus = html('ul', { class: 'ib-cards' });
  const element = html(
    'section',
    { class: 'ib-section' },
    html('h3', { class: 'ib-title' }, word('sidebar.health')),
    servers,
    gpus,
  );
  return {
    element,
    show(view) {
      set(element, { hidden: view.servers.length + view.gpus.length > 0 ? null : '' });
      keep(servers, view.servers, ({ url }) => url, makeCard, showServer);
      keep(gpus, view.gpus, ({ id }) => id, makeCard, showGpu);
    },
  };
}

function showServer(card, server) {
  const { isReachable, alerts, problem, version, latencyMs } = server;
  const facts = [
    isReachable ? word('sidebar.server.online') : word('sidebar.server.offline'),
    isReachable && latencyMs !== null ? `${count(Math.round(latencyMs))} ms` : null,
    server.storageFreeBytes === null
      ? null
      : word('sidebar.server.free', { size: size(server.storageFreeBytes) }),
    server.backlog === null ? null : word('sidebar.server.backlog', { count: count(server.backlog) }),
  ];
  const meters = [
    ['disk', word('sidebar.server.disk'), server.storagePercent, '%'],
    ['quota', word('sidebar.server.quota'), server.quotaPercent, '%'],
  ];
  const mood = isReachable ? (alerts.length > 0 ? 'backoff' : 'idle') : 'error';
  showCard(card, {
    mood,
    title: version === null ? 'Immich' : `Immich ${version}`,
    facts,
    meters,
    alerts,
    problem,
  });
}

function showGpu(card, gpu) {
  const { state, alerts, powerW } = gpu;
  const facts = [
    state === 'ok' ? null : word(`sidebar.gpu.${state}`),
    powerW === null ? null : `${count(Math.round(powerW))} W`,
  ];
  const meters = [
    ['load', word('sidebar.gpu.load'), gpu.loadPercent, '%'],
    ['memory', word('sidebar.gpu.memory'), gpu.memoryPercent, '%'],
    ['encoder', word('sidebar.gpu.encoder'), gpu.encoderPercent, '%'],
    ['temperature', word('sidebar.gpu.temperature'), gpu.temperatureC, '°C'],
  ];
  const mood =
    state === 'lost' ? 'error' : alerts.length > 0 ? 'backoff' : state === 'ok' ? 'idle' : 'paused';
  showCard(card, { mood, title: gpu.name ?? 'GPU', facts, meters, alerts, problem: null });
}
