// What the runtime looks at while a dialog is open: folders, a server, a broker. Nothing is saved by it.
(() => {
  const bridge = window.ImmichBridge;
  const ICONS = {
    ok: 'fa-check-circle',
    warning: 'fa-exclamation-triangle',
    problem: 'fa-times-circle',
    missing: 'fa-minus-circle',
    'not tested': 'fa-question-circle',
  };
  const WORDS = { ok: 'ok', warning: 'warning', problem: 'problem', missing: 'missing' };

  bridge.addChecks = (dialog) => {
    if (dialog.form.find('[data-check-folders]').length) watchFolders(dialog);
    for (const button of dialog.form.find('[data-test]').toArray()) addTest(dialog, $(button));
    for (const button of dialog.form.find('[data-command]').toArray()) {
      $(button)
        .prop('disabled', !bridge.canObey(dialog.node))
        .on('click', () => bridge.command(dialog.node, $(button).data('command')));
    }
  };

  /** All that the dialog holds now, saved or not. */
  function valuesOf({ fields }) {
    return Object.fromEntries([...fields.values()].map(({ name, input }) => [name, input.val() ?? '']));
  }

  function addTest(dialog, button) {
    const { node, form } = dialog;
    const place = $('<div class="ib-findings" role="status"></div>').insertAfter(button.closest('.form-row'));
    let running;
    button.on('click', async () => {
      running?.abort();
      running = new AbortController();
      const { signal } = running;
      place.empty().append($('<div class="ib-note"></div>').text(bridge.say('dialog.testing')));
      button.prop('disabled', true);
      try {
        const body = { id: node.id, z: node.z, config: valuesOf(dialog) };
        const { findings } = await bridge.ask(button.data('test'), body, signal);
        place.empty().append(findings.map(findingRow));
      } catch (error) {
        if (!signal.aborted)
          place.empty().append(findingRow({ check: '', verdict: 'problem', found: error.message }));
      } finally {
        button.prop('disabled', false);
      }
    });
    form.on('remove', () => running?.abort());
  }

  /** One line: what was looked at, how it is, and what to do. The verdict is a picture and a word. */
  function findingRow({ check, verdict, found, advice }) {
    const word = bridge.say(`dialog.${WORDS[verdict] ?? 'untested'}`);
    const icon = $('<i class="fa" role="img"></i>')
      .addClass(ICONS[verdict])
      .attr({ 'aria-label': word, title: word });
    const text = $('<span class="ib-text"></span>');
    if (check) text.append($('<b></b>').text(check), ' ');
    text.append($('<span></span>').text(found));
    if (advice) text.append(' ', $('<span class="ib-advice"></span>').text(advice));
    return $('<div class="ib-finding"></div>').attr('data-verdict', verdict).append(icon, text);
  }

  /** Says of each folder, shortly after it was typed, whether it is there and what waits in it. */
  function watchFolders(dialog) {
    let timer;
    let running;
    bridge.recheck = (changed) => {
      if (changed !== dialog) return;
      clearTimeout(timer);
      timer = setTimeout(look, 350);
    };
    for (const { input } of dialog.fields.values())
      input.on('change keyup paste', () => bridge.recheck(dialog));
    dialog.form.on('remove', () => {
      clearTimeout(timer);
      running?.abort();
    });
    let lookedAt = '';
    look();

    async function look() {
      const { node } = dialog;
      const config = valuesOf(dialog);
      const text = JSON.stringify(config);
      if (text === lookedAt) return;
      lookedAt = text;
      running?.abort();
      running = new AbortController();
      const { signal } = running;
      const type = dialog.form.find('[data-check-folders]').data('check-folders');
      try {
        const { folders } = await bridge.ask(
          'folders',
          { id: node.id, z: node.z, g: node.g, type, config },
          signal,
        );
        if (!signal.aborted) showFolders(dialog, folders);
      } catch (error) {
        if (!signal.aborted) showFolders(dialog, [], error.message);
      }
    }
  }

  function showFolders({ fields }, found, sentence) {
    for (const field of fields.values()) {
      if (field.kind !== 'folders' && field.kind !== 'folder') continue;
      const own = found.filter(({ field: name }) => name === field.name);
      const rows = (field.rows?.() ?? []).filter(({ field: seen }) => seen.val().trim() !== '');
      const isOneEach =
        field.container.is(':visible') &&
        rows.length > 0 &&
        rows.length === own.length &&
        !bridge.isVariable(field.input.val());
      field.notes.find('.ib-finding').remove();
      // The path says it already.
      field.notes.find('.ib-value').toggleClass('ib-said', own.length > 0);
      rows.forEach(({ note }, index) => {
        note.empty().prop('hidden', !isOneEach);
        if (isOneEach) note.append(findingRow({ ...own[index], check: '' }));
      });
      if (isOneEach) continue;
      const isLong = own.length > 1;
      field.notes.append(
        own.map((one) =>
          findingRow({ ...one, check: isLong || bridge.isVariable(field.input.val()) ? one.check : '' }),
        ),
      );
      if (sentence !== undefined && field.kind === 'folders')
        field.notes.append(findingRow({ check: '', verdict: 'problem', found: sentence }));
    }
  }
})();
