// Server-sent events, read by fetch because an EventSource sends no token. Connects again by itself, and goes on after
// the last event that had an id.
import {headers, Refusal, refusalOf} from './api.js';

const SILENCE_MS = 15000; // the service says something every 5 s
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 4000;
const FINAL = [401, 403];

// tells.event(name, data), tells.live(), tells.lost(why, if the service says why), tells.refused(refusal): the last is
// final, as is an "end".
export function follow(path, tells) {
  let stopped = false;
  let lastId = '';
  let retry = RETRY_FIRST_MS;
  let abort = new AbortController();
  let timer = 0;

  function watchSilence() {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), SILENCE_MS);
  }

  function dispatch(block) {
    let name = 'message';
    const data = [];
    for (const line of block.split('\n')) {
      if (line.startsWith('event: ')) name = line.slice(7);
      else if (line.startsWith('id: ')) lastId = line.slice(4);
      else if (line.startsWith('data: ')) data.push(line.slice(6));
    }
    if (!data.length) return;
    if (name === 'end') stopped = true;
    tells.event(name, JSON.parse(data.join('\n')));
  }

  async function read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      watchSilence();
      const {done, value} = await reader.read();
      if (done || stopped) return;
      text += value;
      const blocks = text.split('\n\n');
      text = blocks.pop();
      for (const block of blocks) {
        if (stopped) return;
        dispatch(block);
      }
    }
  }

  async function once() {
    abort = new AbortController();
    watchSilence();
    const more = lastId ? {'Last-Event-ID': lastId} : {};
    const response = await fetch(path, {headers: headers(more), signal: abort.signal, cache: 'no-store'});
    // Too many listeners, or a start that does not know its migrations yet: asked again later.
    if (!response.ok && !FINAL.includes(response.status)) throw await refusalOf(response);
    if (!response.ok) {
      stopped = true;
      tells.refused?.(await refusalOf(response));
      return;
    }
    retry = RETRY_FIRST_MS;
    tells.live?.();
    await read(response.body);
  }

  async function run() {
    while (!stopped) {
      let why = '';
      try {
        await once();
      } catch (error) {
        // Gone, silent or aborted, or refused for now.
        if (error instanceof Refusal) why = error.message;
      }
      clearTimeout(timer);
      if (stopped) return;
      tells.lost?.(why);
      await new Promise(resolve => {
        timer = setTimeout(resolve, retry);
      });
      retry = Math.min(RETRY_MAX_MS, retry * 2);
    }
  }

  run();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
      abort.abort();
    },
  };
}
