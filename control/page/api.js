// Requests to the service this page came from. The token is asked for once and kept as long as the tab is open.

const KEPT_AS = 'sluice_token';
let token = sessionStorage.getItem(KEPT_AS) ?? '';

export class Refusal extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.problems = error.problems ?? [];
  }
}

export function useToken(text) {
  token = text;
  sessionStorage.setItem(KEPT_AS, text);
}

export const hasToken = () => token !== '';

export function headers(more = {}) {
  return token ? {...more, Authorization: 'Bearer ' + token} : more;
}

export async function refusalOf(response) {
  try {
    return new Refusal(response.status, (await response.json()).error);
  } catch {
    return new Refusal(response.status, {code: 'unknown', message: 'the service answered ' + response.status});
  }
}

// The answer's JSON; throws a Refusal with the service's own words, or an Error where there is no answer.
export async function ask(path, {method = 'GET', body} = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: headers(),
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error('Sluice does not answer. What it was doing goes on by itself, or when it is back.');
  }
  if (!response.ok) throw await refusalOf(response);
  return response.json();
}

export const pathOf = (id, what = '') => '/migrate/' + encodeURIComponent(id) + (what && '/' + what);
