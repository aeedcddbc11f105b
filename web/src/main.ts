// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

import { mount } from 'svelte';
import App from './ui/App.svelte';
import { app } from './lib/store.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/panels.css';

const target = document.getElementById('app');
if (target) mount(App, { target });
void app.start();
