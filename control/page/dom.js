// Elements are made here and nowhere else: what the server says becomes text, never markup.

export function make(name, properties = {}, ...children) {
  return furnish(document.createElement(name), properties, children);
}

export function makeSvg(name, properties = {}, ...children) {
  return furnish(document.createElementNS('http://www.w3.org/2000/svg', name), properties, children);
}

function furnish(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter(child => child !== undefined && child !== null && child !== false));
  return element;
}

// Writes only what is new, so that a reader's selection and a screen reader are left alone.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function set(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// Makes the children anew only where `about` is not what they were made of the last time.
const madeOf = new WeakMap();
export function fill(element, about, makeChildren) {
  const text = JSON.stringify(about);
  if (madeOf.get(element) === text) return;
  madeOf.set(element, text);
  element.replaceChildren(...[makeChildren()].flat().filter(Boolean));
}

export const byId = id => document.getElementById(id);
