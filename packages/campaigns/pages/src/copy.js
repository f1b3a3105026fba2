// Copies names with a click. Where the browser forbids it, the name is selected, to be copied by hand.

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

async function copy(button) {
  const from = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const text = from ? from.textContent : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    select(from ?? button.previousElementSibling);
    return;
  }
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1200);
}

export function copyOnClick() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button.copy");
    if (!button) return;
    event.preventDefault();
    copy(button);
  });
}
