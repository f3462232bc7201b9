"""What tests of InvokeAI pipelines need where no server is."""
