// The whole way by keyboard: Tab, Space and Enter, and whoever has the focus shows it.
'use strict';
const assert = require('node:assert');
const {visit, tell, shoot, awaitState} = require('./browser.js');

const TABS_MAX = 60;

const focused = page =>
  page.evaluate(() => {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    return {
      name: (element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent).trim(),
      id: element.id,
      isShown: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    };
  });

// By Tab to the element of that name or id; each one on the way shows that it has the focus.
async function tabTo(page, name) {
  for (let i = 0; i < TABS_MAX; ++i) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    if (now.name || now.id) assert.ok(now.isShown, `${now.name} does not show that it has the focus`);
    if (now.id === name || now.name.startsWith(name)) return;
  }
  assert.fail(`${name} can't be reached by Tab`);
}

tell(url =>
  visit({}, async page => {
    await page.goto(url);
    await page.getByText('No migrations yet').waitFor();
    await tabTo(page, 'Skip to the migration');
    await tabTo(page, 'New migration');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', {name: 'New migration'}).waitFor();
    assert.strictEqual((await focused(page)).id, 'database');
    await page.keyboard.type('test');
    await tabTo(page, 'table');
    await page.keyboard.type('orders');
    await tabTo(page, 'alter');
    await page.keyboard.type('ADD COLUMN note INT');
    await tabTo(page, 'postpone');
    await page.keyboard.press('Space');
    await tabTo(page, 'Check');
    await page.keyboard.press('Enter');
    await page.getByText('risk: low').waitFor();
    await tabTo(page, 'Start migration');
    await page.keyboard.press('Enter');
    await awaitState(page, 'ready');
    assert.strictEqual((await focused(page)).id, 'detail-title', 'the focus is not at what was begun');

    await tabTo(page, 'Panic');
    await page.keyboard.press('Enter');
    assert.strictEqual((await focused(page)).name, 'Leave it');
    await page.keyboard.press('Escape');
    await page.locator('#confirm').waitFor({state: 'hidden'});
    assert.strictEqual((await focused(page)).name, 'Panic', 'the focus did not come back');
    await page.keyboard.press('Shift+Tab');
    for (let i = 0; i < 5 && (await focused(page)).name !== 'Cut over'; ++i) await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Cut over');
    await page.keyboard.press('Enter');
    await awaitState(page, 'completed');
    assert.notStrictEqual((await focused(page)).name, '', 'the focus is lost');
    await shoot(page, 'completed');
  }),
);
