# A simulated TMDB in a container, for tests in any language:
#   docker build -f scripts/simulator.Dockerfile -t tmdb-simulator . && docker run -p 8080:8080 tmdb-simulator
FROM python:3.13-slim
COPY . /src
RUN pip install --no-cache-dir '/src[cli,tls]' && rm -r /src
USER nobody
EXPOSE 8080
ENTRYPOINT ["tmdb", "serve", "--host", "0.0.0.0", "--port", "8080"]
CMD ["--log"]
