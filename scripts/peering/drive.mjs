// Calls every public method of moviedb-promise, and prints what came of each, as drive.py does for the Python clients.

import {createRequire} from 'node:module';

const {MovieDb} = createRequire(process.argv[2])('moviedb-promise');
const {TMDB_BASE: base, TMDB_API_KEY: key} = process.env;
const facts = JSON.parse(process.env.TMDB_FACTS);
const client = new MovieDb(key, `${base}/3/`, 1000);

const ask = async (method, path, body) => {
  const headers = {'content-type': 'application/json'};
  const answer = await fetch(base + path, {method, headers, body: body && JSON.stringify(body)});
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer.json();
};

const list = async () => {
  const query = `?api_key=${key}&session_id=${client.sessionId}`;
  const made = (await ask('POST', `/3/list${query}`, {name: 'Rain', description: ''})).list_id;
  await ask('POST', `/3/list/${made}/add_item${query}`, {media_id: 12});
  return made;
};

const ids = [
  [/^movie/, 11], [/^seasonChanges/, facts.season_id], [/^episodeChanges/, facts.episode_id],
  [/^episodeGroup$/, facts.episode_group_id], [/^(tv|season|episode)/, 41], [/^person/, 21], [/^company/, 1],
  [/^network/, 61], [/^keyword/, 809], [/^collection/, 10], [/^credit/, facts.credit_id], [/^review/, facts.review_id],
  [/^find/, facts.imdb_id], [/list/i, list],
];
const given = async (name) => {
  const [, id] = ids.find(([pattern]) => pattern.test(name) && !/^account|^search/.test(name)) ?? [];
  return {
    ...(id !== undefined && {id: typeof id === 'function' ? await id() : id}),
    season_number: 1, episode_number: 1, query: 'star', external_source: 'imdb_id', media_type: 'movie',
    time_window: 'day', value: 8, media_id: name === 'createListItem' ? 13 : 12, movie_id: 12, favorite: true,
    watchlist: true, confirm: true, name: 'Rain', description: '', language: 'en',
  };
};
// These take nothing but options of axios.
const plain = /^(configuration|jobs|languages|primaryTranslations|timezones|accountInfo|movieCertifications|tvCertifications)$/;
const inner = ['constructor', 'getEndpoint', 'normalizeParams', 'getParams', 'makeRequest', 'parseSearchParams'];

const {request_token} = await client.requestToken();
await ask('POST', '/simulator/approve', {request_token});
const names = Object.getOwnPropertyNames(MovieDb.prototype).filter((name) => !inner.includes(name));
for (const name of ['retrieveSession', ...names.filter((one) => one !== 'retrieveSession')]) {
  let error = null;
  try {
    await (plain.test(name) ? client[name]() : client[name](await given(name)));
  } catch (caught) {
    error = `${caught.message} ${caught.config?.method} ${caught.config?.url}`;
  }
  console.log(JSON.stringify([name, error]));
}
