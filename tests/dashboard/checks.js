// What assistive technology and tired eyes need, looked for in the page as it stands.
'use strict';
const assert = require('node:assert');

// In the browser: every complaint, in words.
function lookAround() {
  const complaints = [];
  const open = document.querySelector('dialog[open]');
  const root = open ?? document.body;
  const visible = element => element.checkVisibility({visibilityProperty: true}) && element.getClientRects().length > 0;
  const all = selector => [...root.querySelectorAll(selector)].filter(visible);
  const named = element =>
    (element.getAttribute('aria-label') ?? '').trim() ||
    (element.getAttribute('aria-labelledby') ?? '')
      .split(' ')
      .map(id => document.getElementById(id)?.textContent ?? '')
      .join('')
      .trim() ||
    [...(element.labels ?? [])]
      .map(label => label.textContent)
      .join('')
      .trim() ||
    (['BUTTON', 'A', 'SUMMARY'].includes(element.tagName) ? element.textContent.trim() : '');
  const show = element => element.outerHTML.slice(0, 120);

  for (const element of all(
    'input, textarea, select, button, a, summary, nav, dialog, section[aria-labelledby], svg[role=img], ' +
      '[tabindex="0"], [role=group], [role=region], [role=progressbar]',
  )) {
    if (!named(element)) complaints.push('has no name: ' + show(element));
  }
  for (const image of all('img')) if (!image.hasAttribute('alt')) complaints.push('has no alt: ' + show(image));
  const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) complaints.push('two elements have the id ' + id);
  for (const attribute of ['aria-labelledby', 'aria-describedby', 'for']) {
    for (const element of all(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(' '))
        if (!document.getElementById(id)) complaints.push(`${attribute} names nothing: ${show(element)}`);
    }
  }
  let level = open ? 1 : 0;
  for (const heading of all('h1, h2, h3, h4')) {
    const mine = Number(heading.tagName[1]);
    if (mine > level + 1) complaints.push('skips a level: ' + show(heading));
    level = mine;
  }
  for (const bar of all('[role=progressbar]')) {
    const value = Number(bar.getAttribute('aria-valuenow'));
    if (!(value >= 0 && value <= 100) || !bar.getAttribute('aria-valuetext'))
      complaints.push('tells no value: ' + show(bar));
  }
  for (const button of all('button, input, textarea, summary, nav a')) {
    const box = button.getBoundingClientRect();
    if (!['radio', 'checkbox'].includes(button.type) && (box.height < 20 || box.width < 24))
      complaints.push('is hard to hit: ' + show(button));
  }
  if (!document.documentElement.lang) complaints.push('the page has no language');
  if (!document.title) complaints.push('the page has no title');
  for (const role of ['header', 'main', 'nav', 'h1'])
    if (document.querySelectorAll(role).length !== 1) complaints.push('there is not one ' + role);
  if (document.documentElement.scrollWidth > innerWidth)
    complaints.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${innerWidth}`);
  if (open && open.scrollWidth > open.clientWidth) complaints.push('the dialog scrolls sideways');

  // Contrast, by WCAG's formula, of each text against what lies behind it.
  const parse = text => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return {r, g, b, a};
  };
  const over = (top, below) =>
    Object.fromEntries(['r', 'g', 'b'].map(c => [c, top[c] * top.a + below[c] * (1 - top.a)]).concat([['a', 1]]));
  const linear = c => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const luminance = ({r, g, b}) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const groundOf = element => {
    if (!element) return {r: 255, g: 255, b: 255, a: 1};
    const own = parse(getComputedStyle(element).backgroundColor);
    return own.a === 1 ? own : over(own, groundOf(element.parentElement));
  };
  let texts = 0;
  let least = Infinity;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !visible(element) || element.closest(':disabled, .hidden, .skip'))
      continue;
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const [light, dark] = [luminance(over(parse(style.color), ground)), luminance(ground)].sort((x, y) => y - x);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const enough = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    ++texts;
    least = Math.min(least, ratio);
    if (ratio < enough) complaints.push(`contrast ${ratio.toFixed(2)}: ${show(element)}`);
  }
  return {complaints, texts, least};
}

// That the page follows the theme that the reader has chosen.
exports.expectTheme = async (page, scheme) => {
  const channels = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).map(Number));
  const brightness = (channels[0] + channels[1] + channels[2]) / (3 * 255);
  assert.ok(scheme === 'dark' ? brightness < 0.25 : brightness > 0.75, `${scheme} has a brightness of ${brightness}`);
};

exports.expectReadable = async (page, where) => {
  const {complaints, texts, least} = await page.evaluate(lookAround);
  assert.deepStrictEqual(complaints, [], where);
  assert.ok(texts > 5, where + ' shows no text');
  console.log(`${where}: ${texts} texts, the least contrast is ${least.toFixed(2)}`);
};
