/** An open sidebar asks anew at least this often: the server stops telling when nobody asks. */
const ASK_EVERY_MS = 30_000;

const MOST_FILES = 200;

/** Asks the runtime; resolves with its answer, or throws its sentence. */
export function ask(path, body) {
  return new Promise((resolve, reject) => {
    $.ajax({
      url: `immich-bridge/${path}`,
      type: body === undefined ? 'GET' : 'POST',
      headers: { 'Accept-Language': localStorage.getItem('editor-language') || RED.i18n.detectLanguage() },
      ...(body && { contentType: 'application/json', data: JSON.stringify(body) }),
      success: resolve,
      error: (answer) =>
        reject(new Error(answer.responseJSON?.error ?? `${answer.status} ${answer.statusText}`)),
    });
  });
}

/**
 * Follows the runtime while `isVisible()`: calls `show` with all there is to see whenever it changes, and `onError`
 * with null or the reason why there is nothing new.
 */
export function follow({ isVisible, show, onError }) {
  let rows = new Map();
  let last;

  async function refresh() {
    if (!isVisible()) return;
    try {
      const view = await ask('sidebar');
      rows = new Map();
      last = undefined;
      take(view);
      onError(null);
    } catch (error) {
      onError(error);
    }
  }

  function take(view) {
    // The runtime began anew, and so must we.
    if (last !== undefined && view.seq < last.seq) return void refresh();
    for (const row of view.files) {
      const known = rows.get(row.id);
      if (known === undefined || known.seq < row.seq) rows.set(row.id, row);
    }
    const files = [...rows.values()].sort((a, b) => b.seq - a.seq).slice(0, MOST_FILES);
    rows = new Map(files.map((row) => [row.id, row]));
    last = { failures: last?.failures ?? [], ...view, files };
    if (isVisible()) show(last);
  }

  RED.comms.subscribe('immich-bridge/sidebar', (_topic, view) => {
    if (last !== undefined) take(view);
  });
  RED.comms.on?.('connect', refresh);
  document.addEventListener('visibilitychange', refresh);
  setInterval(refresh, ASK_EVERY_MS);
  return refresh;
}
