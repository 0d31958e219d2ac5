/* Says in words that a passkey was not used, instead of in the console only. */
document.addEventListener('allauth.error', (event) => {
  event.preventDefault()
  document.getElementById('passkey-problem').hidden = false
})
