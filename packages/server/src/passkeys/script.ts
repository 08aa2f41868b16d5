import { ownPath } from '../pages/own-path.ts'
import { createHash } from 'node:crypto'
import { redirectAnswer } from '../wire/answer.ts'
import { type AthAnswer, type AthCall } from '../wire/http.ts'

/**
 * The only script of the gateway's pages: asks the browser for a passkey when a form marked `data-passkey-get` or
 * `data-passkey-create` is sent, and sends the answer along in its field `passkey`. A button marked `data-passkey-skip`
 * sends the form as it is. Old syntax, since company chat apps open pages in old web views.
 */
const source = `'use strict';
(function () {
  function bytes(text) {
    var raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
    var out = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out;
  }
  function text(buffer) {
    var raw = '';
    new Uint8Array(buffer).forEach(function (byte) { raw += String.fromCharCode(byte); });
    return btoa(raw).replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
  }
  function decoded(options) {
    var out = Object.assign({}, options, { challenge: bytes(options.challenge) });
    if (out.user) out.user = Object.assign({}, out.user, { id: bytes(out.user.id) });
    ['allowCredentials', 'excludeCredentials'].forEach(function (list) {
      if (out[list]) out[list] = out[list].map(function (one) {
        return Object.assign({}, one, { id: bytes(one.id) });
      });
    });
    return out;
  }
  function encoded(credential) {
    var from = credential.response;
    var response = { clientDataJSON: text(from.clientDataJSON) };
    if (from.attestationObject) {
      response.attestationObject = text(from.attestationObject);
      response.transports = from.getTransports ? from.getTransports() : [];
    } else {
      response.authenticatorData = text(from.authenticatorData);
      response.signature = text(from.signature);
      if (from.userHandle) response.userHandle = text(from.userHandle);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response: response,
      clientExtensionResults: {}
    });
  }
  function prepare(form) {
    var creates = form.hasAttribute('data-passkey-create');
    var options = JSON.parse(form.getAttribute(creates ? 'data-passkey-create' : 'data-passkey-get'));
    var supported = !!(window.PublicKeyCredential && navigator.credentials);
    var busy = false;
    function show(which) {
      form.querySelectorAll('[data-passkey-says]').forEach(function (element) {
        element.hidden = element.getAttribute('data-passkey-says') !== which;
      });
    }
    function send(button, answer) {
      form.elements.passkey.value = answer;
      if (button && button.name) {
        var choice = document.createElement('input');
        choice.type = 'hidden';
        choice.name = button.name;
        choice.value = button.value;
        form.appendChild(choice);
      }
      HTMLFormElement.prototype.submit.call(form);
    }
    if (!supported) show('unsupported');
    form.addEventListener('submit', function (event) {
      var button = event.submitter;
      if (button && button.hasAttribute('data-passkey-skip')) return;
      event.preventDefault();
      if (!supported || busy) return;
      busy = true;
      show('waiting');
      var request = { publicKey: decoded(options) };
      (creates ? navigator.credentials.create(request) : navigator.credentials.get(request)).then(
        function (credential) { send(button, encoded(credential)); },
        function (error) {
          busy = false;
          show(error.name === 'InvalidStateError' ? 'known'
            : error.name === 'SecurityError' ? 'elsewhere'
            : error.name === 'NotAllowedError' || error.name === 'AbortError' ? 'cancelled'
            : 'failed');
        }
      );
    });
  }
  document.querySelectorAll('form[data-passkey-get],form[data-passkey-create]').forEach(prepare);
})();
`

export const passkeyScriptPath = '/assets/passkey.js'
const version = createHash('sha256').update(source).digest('base64url').slice(0, 16)

/** Where pages load it from. Its content stands in the address, so that browsers may keep it for ever. */
export const passkeyScript = `${passkeyScriptPath}?v=${version}`

/** `GET /assets/passkey.js`. Another version than this one is sent on to it, and not kept. */
export async function answerPasskeyScript(call: AthCall): Promise<AthAnswer> {
  if (call.query.get('v') !== version) return redirectAnswer(call, ownPath(call, passkeyScript))
  return {
    status: 200,
    headers: {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    },
    body: source,
  }
}
