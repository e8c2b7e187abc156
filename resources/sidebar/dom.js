/**
 * Makes an element: `html('button', { class: 'x', onclick }, 'text', child)`. Text is always text, never markup.
 * Properties that begin with `on` are listeners; null and false leave an attribute out.
 */
export function html(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** The same for SVG. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), properties, children);
}

/** Sets attributes where they differ, so that nothing is announced or drawn anew for nothing. */
export function set(element, properties) {
  for (const [name, value] of Object.entries(properties)) {
    const text = value === null || value === false ? null : String(value);
    if (element.getAttribute(name) === text) continue;
    if (text === null) element.removeAttribute(name);
    else element.setAttribute(name, text);
  }
}

/** Sets the text of an element where it differs. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A Font Awesome icon that says nothing to a screen reader. */
export function icon(name) {
  return html('i', { class: `fa fa-${name}`, 'aria-hidden': 'true' });
}

/**
 * Brings the children of `list` into line with `items`, one element each by its key: elements stay what they are, and
 * the focus stays where it is.
 */
export function keep(list, items, keyOf, make, update) {
  const focused = document.activeElement;
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let place = list.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let element = known.get(key);
    if (element === undefined) {
      element = make(item);
      element.dataset.key = key;
    }
    known.delete(key);
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else list.insertBefore(element, place);
  }
  for (const element of known.values()) element.remove();
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  }
  set(element, Object.fromEntries(Object.entries(properties).filter(([name]) => !name.startsWith('on'))));
  element.append(...children.filter((child) => child !== null));
  return element;
}
