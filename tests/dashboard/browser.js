// A browser for a story, and what every story expects: no error in the console, none that escaped a script.
'use strict';
const assert = require('node:assert');
const path = require('node:path');
const {chromium} = require('playwright-core');

const LIMIT_MS = 60000;
const CHROMIUM = process.env.SLUICE_CHROMIUM ?? '/usr/bin/chromium';

// Runs `story(page)` in a fresh window. `allowed`: what the console may say, as where the service is down for a while.
exports.visit = async ({width = 1280, scheme = 'light', allowed = /$^/} = {}, story) => {
  const browser = await chromium.launch({executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage']});
  const context = await browser.newContext({
    viewport: {width, height: width < 500 ? 844 : 900},
    colorScheme: scheme,
    acceptDownloads: true,
  });
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type()) && !allowed.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', error => complaints.push(error.stack));
  page.on('request', request => {
    if (!request.url().startsWith(process.argv[2]) && !request.url().startsWith('blob:'))
      complaints.push('asked for ' + request.url());
  });
  try {
    await story(page);
    assert.deepStrictEqual(complaints, []);
  } catch (error) {
    console.log(
      await page
        .locator('body')
        .innerText()
        .catch(() => 'no page'),
    );
    await exports.shoot(page, 'failed');
    throw error;
  } finally {
    await browser.close();
  }
};

// A picture for whoever wants to look: in $SLUICE_SHOTS, if that is set.
exports.shoot = async (page, name) => {
  const folder = process.env.SLUICE_SHOTS;
  if (folder) await page.screenshot({path: path.join(folder, `${path.basename(process.argv[1], '.js')}-${name}.png`)});
};

// Runs the script's story, with the address of the page and the script's own arguments.
exports.tell = story => story(...process.argv.slice(2));

exports.until = async (what, condition) => {
  const end = Date.now() + LIMIT_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < end, 'waited in vain until ' + what);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
};

exports.state = page => page.locator('#detail .badge.big');

exports.awaitState = (page, state) => page.locator('#detail .badge.big', {hasText: new RegExp(`^${state}$`)}).waitFor();

// What the page says of the migration that is shown, in a sentence.
exports.awaitWords = (page, words) => page.locator('#detail .situation', {hasText: words}).waitFor();

// A migration by the form: what is typed into it, the dry run, the start.
exports.startByForm = async (
  page,
  {table = 'orders', alter = 'ADD COLUMN note VARCHAR(64)', postpone = true, more = ''} = {},
) => {
  await page.getByRole('button', {name: 'New migration'}).first().click();
  const form = page.getByRole('dialog', {name: 'New migration'});
  await form.getByLabel('Database').fill('test');
  await form.getByLabel('Table').fill(table);
  await form.getByLabel('Alter').fill(alter);
  await form.getByLabel('Wait for me').setChecked(postpone);
  if (more) {
    await form.getByText('More options').click();
    await form.getByLabel('Other options').fill(more);
  }
  await form.getByRole('button', {name: 'Check'}).click();
  await form.getByRole('button', {name: 'Start migration'}).click();
  await form.waitFor({state: 'hidden'});
};

// An action's button, and what it asks before; nothing is confirmed yet.
exports.press = async (page, name) => {
  await page.getByRole('group', {name: 'Actions'}).getByRole('button', {name, exact: true}).click();
  const dialog = page.locator('#confirm');
  await dialog.waitFor();
  return dialog;
};
