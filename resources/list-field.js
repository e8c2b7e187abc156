// Folders and patterns: one row each, or one environment variable for all of them. Stored is text with line breaks.
(() => {
  const bridge = window.ImmichBridge;

  /** Puts an editable list before the hidden input; `rows()` are the inputs that people see, each with its place for a note. */
  bridge.listField = (input, { value, label, placeholder, onChange }) => {
    // A text input has no line breaks: what Node-RED has put into it may be less than what is stored.
    const hidden = input.attr('type', 'hidden').val(Array.isArray(value) ? value.join(',') : (value ?? ''));
    const variable = /^\$\{([^}]+)\}$/.exec(bridge.textOf(value));
    const kinds = [
      { value: 'list', label: bridge.say('dialog.list'), icon: 'fa fa-list-ul', hasValue: false },
      'env',
    ];
    const proxy = $('<input type="text" style="width: 100%">').insertBefore(hidden);
    proxy.typedInput({ types: kinds, default: variable ? 'env' : 'list' });
    proxy.typedInput('type', variable ? 'env' : 'list').typedInput('value', variable ? variable[1] : '');
    const container = proxy.next('.red-ui-typedInput-container');
    container.find('.red-ui-typedInput-input').attr('aria-label', label);
    container
      .find('.red-ui-typedInput-type-select')
      .attr('aria-label', bridge.say('dialog.kindOf', { field: label }));
    const box = $('<div class="ib-list"></div>').insertAfter(container);
    const list = $('<ol></ol>').attr('aria-label', label).appendTo(box);
    list.editableList({
      addItem(row, index, { text }) {
        const field = $('<input type="text" class="ib-list-text">')
          .attr({ placeholder, 'aria-label': `${label} ${index + 1}` })
          .val(text ?? '')
          .on('change', () => divide(field))
          .on('keyup paste change', store);
        row.append(field, '<div class="ib-note ib-check" hidden></div>');
        // The bin of a row is a link with a picture in it, and nothing that a screen reader could say.
        const bin = row.closest('li').find('.red-ui-editableList-item-remove');
        bin.attr({ 'aria-label': bridge.say('dialog.remove', { field: label }), role: 'button' });
        if (text === undefined) field.trigger('focus');
      },
      removeItem: store,
      sortItems: store,
      sortable: true,
      removable: true,
      addButton: bridge.say('dialog.add'),
      height: 'auto',
    });
    const entries = variable ? [] : Array.isArray(value) ? value : bridge.entriesOf(value);
    for (const text of entries) list.editableList('addItem', { text });
    let isReady = false;
    proxy.on('change keyup paste', () => {
      box.toggle(proxy.typedInput('type') === 'list');
      store();
    });
    box.toggle(!variable);
    isReady = true;

    /** What stands between two commas is one entry more. */
    function divide(field) {
      const parts = bridge.entriesOf(field.val());
      if (parts.length < 2) return;
      field.val(parts[0]);
      for (const text of parts.slice(1)) list.editableList('addItem', { text });
    }

    function store() {
      if (!isReady) return;
      const isVariable = proxy.typedInput('type') === 'env';
      const name = String(proxy.typedInput('value')).trim();
      const texts = rows()
        .map(({ field }) => field.val().trim())
        .filter(Boolean);
      const next = isVariable ? (name === '' ? '' : `\${${name}}`) : texts.join('\n');
      const isSame = !isVariable && texts.join('\n') === entries.join('\n') && !variable;
      hidden.val(isSame ? value : next).trigger('change');
      onChange();
    }

    function rows() {
      return list
        .find('.ib-list-text')
        .toArray()
        .map((element) => {
          const field = $(element);
          return { field, note: field.siblings('.ib-check') };
        });
    }

    return { input: hidden, container, seen: container.find('.red-ui-typedInput-input'), rows };
  };
})();
