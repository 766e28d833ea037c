/** What needs a real service: files of this machine, other programs, other people. The demo says so. */
export const CLOSED = [
  ...['GET /backup', 'POST /backup/restore', 'GET /lockfile', 'POST /lockfile/apply', 'POST /lockfile/check', 'GET /history/export'],
  ...['POST /hooks/{name}/test', 'DELETE /hooks/{name}', 'POST /lan-hubs', 'DELETE /lan-hubs', 'PUT /schedule/{name}', 'DELETE /schedule/{name}'],
  ...['POST /tokens', 'DELETE /tokens/{id}', 'POST /login', 'POST /session'],
  ...['POST /links', 'DELETE /links/{id}', 'PUT /programs/places', 'DELETE /programs/places', 'POST /programs/{id}/import', 'POST /programs/{id}/settings'],
  ...['POST /models/{id}/preview', 'DELETE /models/{id}/preview', 'POST /models/{id}/preview/regenerate', 'POST /models/{id}/preview/restore'],
  ...['POST /models/{id}/quarantine', 'POST /quarantine/measure', 'POST /quarantine/release', 'POST /comfyui/insert', 'POST /workflows/fix'],
] as const
