// What all pages share. Every page works without it.

import "htmx.org/dist/htmx.esm.js";
import { copyOnClick } from "./copy.js";
import { takeFiles } from "./files.js";
import { buildFilters } from "./filter.js";
import { listenForKeys } from "./keys.js";
import { follow } from "./live.js";
import { countPicked } from "./picking.js";
import { popovers } from "./popovers.js";
import { scrollByKeys } from "./scrolling.js";
import { changeSections } from "./sections.js";
import { keepTimesCurrent } from "./times.js";
import { awaitAnswer } from "./waiting.js";

document.documentElement.classList.add("js");
copyOnClick();
popovers();
listenForKeys();
keepTimesCurrent();
buildFilters();
takeFiles();
countPicked();
scrollByKeys();
follow();
changeSections();
awaitAnswer();
